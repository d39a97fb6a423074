"""What a buyer agrees to is said; a buyer who is to be forgotten, too."""

from datetime import datetime

from sqlalchemy.orm import Session

from chassis.db import insert_new, now
from chassis.outbox import publish
from contracts.gateway import BuyerErased
from gateway import queries
from gateway.commands import notifying
from gateway.models import Consent
from gateway.schemas.buyers import ConsentGiven, ConsentOut, ErasureOut


def give_consent(session: Session, tenant: str, buyer_id: str, given: ConsentGiven) -> ConsentOut:
    """A purpose that was agreed to already keeps its moment. What changes nothing is not said."""
    at = now()
    insert_new(
        session,
        Consent.__table__,  # type: ignore[arg-type]
        tenant=tenant,
        buyer_id=buyer_id,
        purposes={},
        version=0,
        changed_at=at,
    )
    row = queries.consent_for_update(session, tenant, buyer_id)
    assert row is not None  # noqa: S101 - inserted above
    _set_purposes(
        session,
        row,
        {purpose: row.purposes.get(purpose, at.isoformat()) for purpose in given.purposes},
        at,
    )
    return queries.consent_out(row)


def erase_buyer(session: Session, tenant: str, buyer_id: str) -> ErasureOut:
    """Said again whenever it is asked again: forgetting twice is forgetting once."""
    at = now()
    row = queries.consent_for_update(session, tenant, buyer_id)
    if row is not None:
        _set_purposes(session, row, {}, at)
    notifying.forget_buyer(session, tenant, buyer_id)
    publish(session, BuyerErased(tenant=tenant, buyer_id=buyer_id))
    return ErasureOut(buyer_id=buyer_id, erased_at=at)


def _set_purposes(session: Session, row: Consent, purposes: dict[str, str], at: datetime) -> None:
    if purposes == row.purposes and row.version > 0:
        return
    row.purposes, row.version, row.changed_at = purposes, row.version + 1, at
    session.flush()
    publish(session, queries.consent_changed(row))
