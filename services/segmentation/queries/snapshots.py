"""Snapshots: what was known, at a moment, of what had occurred before another."""

from collections.abc import Iterable, Iterator
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

BATCH = 5_000  # orders held in memory at once
_FACT, _MARKS = OrderFact.__table__.c, OrderMark.__table__.c  # rows, not objects
_ROWS = SnapshotRow.__table__.c
_LINE = [
    _FACT[name]
    for name in (
        "order_id", "line_id", "buyer_id", "market", "destination", "sku", "value_minor",
        "currency", "offer_id", "arm", "occurred_at",
    )
]  # fmt: skip
_MARK = [_MARKS[name] for name in Mark._fields]


@dataclass(frozen=True)
class Taken:
    key: SnapshotKey
    snapshot: Snapshot


def take(session: Session, tenant: str, key: SnapshotKey) -> Taken:
    """The same key gives the same rows, whenever it is taken."""
    return Taken(key, snapshot(orders_known(session, tenant, key.cutoff, key.known_at), key))


def orders_known(
    session: Session, tenant: str, cutoff: datetime, known_at: datetime
) -> Iterator[Order]:
    """By order id, some at a time: read in the order they lie in, for an index by buyer would
    jump to each line.
    """
    chapters = known.chapters_at(session, tenant, known_at)
    last = ""
    while some := _next_orders(session, tenant, last):
        last = some[-1]
        lines, marks = _rows(session, tenant, (some[0], last), known_at)
        yield from facts.fold(
            (_line(row, chapters) for row in lines), map(Mark._make, marks), cutoff
        )


def _next_orders(session: Session, tenant: str, last: str) -> list[str]:
    found = (
        select(_FACT.order_id)
        .where(_FACT.tenant == tenant, _FACT.order_id > last)
        .distinct()
        .order_by(_FACT.order_id)
        .limit(BATCH)
    )
    return list(session.scalars(found))


def _rows(
    session: Session, tenant: str, between: tuple[str, str], known_at: datetime
) -> tuple[Iterable[Any], Iterable[Any]]:
    """Lines and marks of the orders from the first to the last."""
    lines, marks = (
        select(*columns).where(
            table.tenant == tenant,
            table.order_id.between(*between),
            table.recorded_at <= known_at,
        )
        for table, columns in ((_FACT, _LINE), (_MARKS, _MARK))
    )
    return session.execute(lines).all(), session.execute(marks).all()


def _line(row: Any, chapters: dict[str, str | None]) -> Line:
    order_id, line_id, buyer, market, destination, sku, value, currency, offer, arm, at = row
    has_offer = offer is not None and arm == "offer"
    return Line(
        order_id, line_id, buyer, market, destination, chapters.get(sku), value, currency,
        has_offer, at,
    )  # fmt: skip


def kept(session: Session, tenant: str, key: SnapshotKey) -> TakenSnapshot | None:
    found = select(TakenSnapshot).where(
        TakenSnapshot.tenant == tenant, TakenSnapshot.key_sha256 == key.sha256(tenant)
    )
    return session.scalars(found).first()


def rows_of(session: Session, snapshot_id: str) -> dict[int, list[float]]:
    """place -> features, without anybody's id."""
    found = select(_ROWS.place, _ROWS.features).where(_ROWS.snapshot_id == snapshot_id)
    return dict(session.execute(found.order_by(_ROWS.place)).all())


def subjects_of(session: Session, snapshot_id: str) -> dict[int, str]:
    """place -> who stands there; who was erased does not."""
    found = select(_ROWS.place, _ROWS.subject).where(_ROWS.snapshot_id == snapshot_id)
    return dict(session.execute(found).all())


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
