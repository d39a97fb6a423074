"""Forgetting a buyer: the sealed names and addresses go, what was bought stays for the books."""

from datetime import datetime

from sqlalchemy import and_, exists, update
from sqlalchemy.orm import Session

from chassis.db import now
from contracts.gateway import BuyerErased
from services.orders.domain.saga import Status
from services.orders.models import ErasedBuyer, ImportedOrder, Order

_NEED_PEOPLE = (Status.PLACED, Status.RESERVED)  # until logistics is told whom to deliver to
FORGOTTEN = "erased"


def erase_buyer(session: Session, event: BuyerErased) -> None:
    """At once where no open order needs them, by `forget_erased` where one does."""
    at = now()
    session.merge(ErasedBuyer(tenant=event.tenant, buyer_id=event.buyer_id, erased_at=at))
    session.flush()
    session.execute(
        update(ImportedOrder)
        .where(ImportedOrder.tenant == event.tenant, ImportedOrder.buyer_id == event.buyer_id)
        .values(buyer_id=FORGOTTEN)
    )
    forget_erased(session, at)


def forget_erased(session: Session, _: datetime) -> None:
    """Of orders that were placed before the erasure."""
    of_erased = exists().where(
        and_(
            ErasedBuyer.tenant == Order.tenant,
            ErasedBuyer.buyer_id == Order.buyer_id,
            ErasedBuyer.erased_at >= Order.placed_at,
        )
    )
    session.execute(
        update(Order)
        .where(Order.people.is_not(None), Order.status.not_in(_NEED_PEOPLE), of_erased)
        .values(people=None)
        .execution_options(synchronize_session=False)
    )
