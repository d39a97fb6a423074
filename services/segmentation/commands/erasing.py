"""Forgetting a buyer: facts, memberships, consent; published models hold aggregates only."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import insert_new, now
from services.segmentation.models import (
    ErasedBuyer,
    KnownConsent,
    Membership,
    OrderFact,
    OrderMark,
    SnapshotRow,
    TakenSnapshot,
)
from services.segmentation.schemas.models import ErasedOut


def forget_subject(session: Session, caller: Caller, subject: str) -> ErasedOut:
    """Also of one who was never heard of: nothing tells whether it was known."""
    erase_buyer(session, caller.tenant, subject)
    return ErasedOut(erased=subject)


def erase_buyer(session: Session, tenant: str, buyer_id: str) -> None:
    """A tombstone stays, so that a late event brings nothing back. Twice is once."""
    orders = select(OrderFact.order_id).where(
        OrderFact.tenant == tenant, OrderFact.buyer_id == buyer_id
    )
    snapshots = select(TakenSnapshot.snapshot_id).where(TakenSnapshot.tenant == tenant)
    for rows in (
        delete(OrderMark).where(OrderMark.tenant == tenant, OrderMark.order_id.in_(orders)),
        delete(OrderFact).where(OrderFact.tenant == tenant, OrderFact.buyer_id == buyer_id),
        delete(Membership).where(Membership.tenant == tenant, Membership.subject == buyer_id),
        delete(SnapshotRow).where(
            SnapshotRow.snapshot_id.in_(snapshots), SnapshotRow.subject == buyer_id
        ),
        delete(KnownConsent).where(
            KnownConsent.tenant == tenant, KnownConsent.buyer_id == buyer_id
        ),
    ):
        session.execute(rows)
    insert_new(
        session,
        ErasedBuyer.__table__,  # type: ignore[arg-type]
        tenant=tenant,
        buyer_id=buyer_id,
        erased_at=now(),
    )
