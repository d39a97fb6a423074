"""Snapshots: what was known, at a moment, of what had occurred before another."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from services.segmentation.domain import facts
from services.segmentation.domain.facts import Line, Mark, Order
from services.segmentation.domain.features import Snapshot, SnapshotKey, snapshot
from services.segmentation.models import OrderFact, OrderMark, SnapshotRow, TakenSnapshot
from services.segmentation.queries import known

BATCH = 2000  # buyers held in memory at once
_LINE = (
    OrderFact.order_id, OrderFact.line_id, OrderFact.buyer_id, OrderFact.market,
    OrderFact.destination, OrderFact.sku, OrderFact.value_minor, OrderFact.currency,
    OrderFact.offer_id, OrderFact.arm, OrderFact.occurred_at,
)  # fmt: skip
_MARK = (
    OrderMark.order_id, OrderMark.kind, OrderMark.ref, OrderMark.revision, OrderMark.occurred_at,
    OrderMark.amount_minor, OrderMark.lines, OrderMark.late_days,
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    key: SnapshotKey
    snapshot: Snapshot


def take(session: Session, tenant: str, key: SnapshotKey) -> Taken:
    """The same key gives the same rows, whenever it is taken."""
    return Taken(key, snapshot(batches(session, tenant, key.cutoff, key.known_at), key))


def batches(
    session: Session, tenant: str, cutoff: datetime, known_at: datetime
) -> Iterator[list[Order]]:
    """All orders of some buyers at a time, buyers in order."""
    chapters = known.chapters_at(session, tenant, known_at)
    last = ""
    while buyers := _next_buyers(session, tenant, last):
        yield _orders(session, tenant, buyers, (cutoff, known_at), chapters)
        last = buyers[-1]


def _next_buyers(session: Session, tenant: str, last: str) -> list[str]:
    found = (
        select(OrderFact.buyer_id)
        .where(OrderFact.tenant == tenant, OrderFact.buyer_id > last)
        .distinct()
        .order_by(OrderFact.buyer_id)
        .limit(BATCH)
    )
    return list(session.scalars(found))


def _orders(
    session: Session,
    tenant: str,
    buyers: list[str],
    until: tuple[datetime, datetime],
    chapters: dict[str, str | None],
) -> list[Order]:
    cutoff, known_at = until
    theirs = (
        OrderFact.tenant == tenant,
        OrderFact.buyer_id >= buyers[0],
        OrderFact.buyer_id <= buyers[-1],
    )
    lines = select(*_LINE).where(*theirs, OrderFact.recorded_at <= known_at)
    marks = select(*_MARK).where(
        OrderMark.tenant == tenant,
        OrderMark.order_id.in_(select(OrderFact.order_id).where(*theirs)),
        OrderMark.recorded_at <= known_at,
    )
    return facts.fold(
        (_line(row, chapters) for row in session.execute(lines)),
        map(Mark._make, session.execute(marks)),
        cutoff,
    )


def _line(row: Any, chapters: dict[str, str | None]) -> Line:
    *order, sku, value_minor, currency, offer_id, arm, occurred_at = row
    has_offer = offer_id is not None and arm == "offer"
    return Line._make([*order, chapters.get(sku), value_minor, currency, has_offer, occurred_at])


def orders_known(
    session: Session, tenant: str, cutoff: datetime, known_at: datetime
) -> Iterator[Order]:
    for batch in batches(session, tenant, cutoff, known_at):
        yield from batch


def kept(session: Session, tenant: str, key: SnapshotKey) -> TakenSnapshot | None:
    found = select(TakenSnapshot).where(
        TakenSnapshot.tenant == tenant, TakenSnapshot.key_sha256 == key.sha256(tenant)
    )
    return session.scalars(found).first()


def rows_of(session: Session, snapshot_id: str) -> list[SnapshotRow]:
    found = select(SnapshotRow).where(SnapshotRow.snapshot_id == snapshot_id)
    return list(session.scalars(found.order_by(SnapshotRow.place)))


def stale_subjects(session: Session, row: TakenSnapshot) -> int:
    """Of whom something was heard later that had occurred before the cut-off."""
    lines = select(OrderFact.buyer_id).where(
        OrderFact.tenant == row.tenant,
        OrderFact.recorded_at > row.known_at,
        OrderFact.occurred_at < row.cutoff,
    )
    marked = (
        select(OrderFact.buyer_id)
        .join(
            OrderMark,
            (OrderMark.tenant == OrderFact.tenant) & (OrderMark.order_id == OrderFact.order_id),
        )
        .where(
            OrderFact.tenant == row.tenant,
            OrderMark.recorded_at > row.known_at,
            OrderMark.occurred_at < row.cutoff,
        )
    )
    return len(session.execute(union(lines, marked)).all())


def key_of(row: TakenSnapshot) -> SnapshotKey:
    said = row.key
    return SnapshotKey(
        cutoff=row.cutoff,
        known_at=row.known_at,
        base_currency=said["base_currency"],
        home=tuple(said["home"]),
        rates=tuple(said["rates"].items()),
        window_days=said["window_days"],
        feature_set=said["feature_set"],
    )


def key_json(key: SnapshotKey) -> dict[str, Any]:
    said = asdict(key) | {"rates": dict(key.rates), "home": list(key.home)}
    return said | {"cutoff": key.cutoff.isoformat(), "known_at": key.known_at.isoformat()}
