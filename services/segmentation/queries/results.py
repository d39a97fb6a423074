"""What was bought while an offer stood, by everybody it was meant for."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import NotYetKnown, Problem
from services.segmentation.domain.facts import Order
from services.segmentation.domain.features import Rates, SnapshotKey, rates_of
from services.segmentation.domain.offers import Outcome
from services.segmentation.models import Offer, OrderFact
from services.segmentation.queries import known, offers, snapshots
from services.segmentation.schemas.offers import NewOffer


@dataclass(frozen=True)
class Outcomes:
    """None of it before the end that was fixed in advance: nobody peeks."""

    offer_id: str
    ends_at: datetime
    is_running: bool
    base_currency: str | None = None
    found: list[Outcome] = field(default_factory=list)
    segments: tuple[str, ...] = ()
    not_counted: int = 0
    orders_with_offer: int = 0


def outcomes(session: Session, tenant: str, offer_id: str) -> Outcomes:
    row = offers.offer(session, tenant, offer_id)
    if row.published_at is None:
        raise Problem(409, "never-published", "this offer was never published; it did nothing")
    at = now()
    if at < row.valid_to:
        return Outcomes(row.offer_id, row.valid_to, is_running=True)
    merchant = known.merchant(session, tenant)
    if merchant is None:
        raise NotYetKnown("offer_id", "this merchant")
    key = SnapshotKey(
        cutoff=row.valid_to,
        known_at=at,
        base_currency=merchant.base_currency,
        home=(),
        rates=rates_of(NewOffer.model_validate(row.asked).rates),
    )
    return _counted(session, row, key)


def _counted(session: Session, row: Offer, key: SnapshotKey) -> Outcomes:
    bought = _bought(session, row, key)
    found: list[Outcome] = []
    segments: set[str] = set()
    not_counted = 0
    for each in offers.audience(session, row):
        value = bought.get(each.subject, 0)
        segments |= set(each.shares)
        if value is None:
            not_counted += 1
        else:
            found.append(Outcome(each.arm, value, each.shares))
    return Outcomes(
        row.offer_id, row.valid_to, False, key.base_currency, found, tuple(sorted(segments)),
        not_counted, _uses(session, row),
    )  # fmt: skip


def _bought(session: Session, row: Offer, key: SnapshotKey) -> dict[str, int | None]:
    """Net value per buyer in the offer's time and markets; None where it cannot be told."""
    rates = Rates(key)
    found: dict[str, int | None] = {}
    for order in snapshots.orders_known(session, row.tenant, key.cutoff, key.known_at):
        if order.is_bought and order.placed_at >= row.valid_from and _is_there(order, row):
            before, value = found.get(order.buyer_id, 0), _net(order, rates)
            found[order.buyer_id] = None if before is None or value is None else before + value
    return found


def _is_there(order: Order, row: Offer) -> bool:
    return not row.terms["markets"] or order.market in row.terms["markets"]


def _net(order: Order, rates: Rates) -> int | None:
    if order.value_minor is None or order.currency not in rates.known:
        return None
    return max(0, rates.base(order.value_minor - order.refunded_minor, order.currency))


def _uses(session: Session, row: Offer) -> int:
    found = select(func.count(OrderFact.order_id.distinct())).where(
        OrderFact.tenant == row.tenant,
        OrderFact.offer_id == row.offer_id,
        OrderFact.arm == "offer",
    )
    return session.execute(found).scalar_one()
