"""What was heard of orders, and an order as those words leave it: the same in any order of arrival.

Lines and marks are only ever added. What was known at a moment is what was recorded until then, so
a snapshot can be taken again later and holds the same.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Literal, NamedTuple

State = Literal["placed", "paid", "completed", "cancelled"]
Kind = Literal["paid", "completed", "cancelled", "refunded", "delivered"]


class Line(NamedTuple):
    """One line as ordered. `value_minor` is after discounts; None is unknown, never zero."""

    order_id: str
    line_id: str
    buyer_id: str
    market: str
    destination: str
    chapter: str | None  # of the HS code; None while nobody has said it
    value_minor: int | None
    currency: str
    has_offer: bool
    occurred_at: datetime


class Mark(NamedTuple):
    """What befell an order. `ref` names the refund or shipment; its highest revision counts."""

    order_id: str
    kind: Kind
    ref: str
    revision: int
    occurred_at: datetime
    amount_minor: int = 0
    lines: Mapping[str, int] = MappingProxyType({})  # line id -> units come back
    late_days: int | None = None  # None: no promise, or no instant of delivery


class Order(NamedTuple):
    """All lines of one order, with what befell it."""

    order_id: str
    buyer_id: str
    market: str
    destination: str
    currency: str
    placed_at: datetime
    lines: tuple[Line, ...]
    state: State
    refunded_minor: int
    returned_lines: int
    late_days: int | None  # of its latest shipment; None: not delivered, or not known

    @property
    def is_bought(self) -> bool:
        return self.state in ("paid", "completed")

    @property
    def value_minor(self) -> int | None:
        """None where one line's value is unknown."""
        values = [line.value_minor for line in self.lines]
        return None if None in values else sum(value or 0 for value in values)


def late_days(delivered_at: datetime | None, promised_on: str | None) -> int | None:
    """Whole days after the promise, 0 if in time; in the calendar the carrier wrote the time in."""
    if delivered_at is None or promised_on is None:
        return None
    promised = datetime.fromisoformat(promised_on).date()
    return max(0, (delivered_at.date() - promised).days)


def fold(lines: Iterable[Line], marks: Iterable[Mark], until: datetime) -> list[Order]:
    """Orders by id, from what occurred before `until`, whatever the order it is given in.

    A mark without its order (heard first, or of an erased buyer) tells nothing yet.
    """
    known = {(line.order_id, line.line_id): line for line in lines if line.occurred_at < until}
    befallen: dict[str, list[Mark]] = {}
    for mark in marks:
        if mark.occurred_at < until:
            befallen.setdefault(mark.order_id, []).append(mark)
    ordered = [known[place] for place in sorted(known)]
    return [
        _order(tuple(group), befallen.get(order_id, []))
        for order_id, group in groupby(ordered, key=lambda line: line.order_id)
    ]


def _order(lines: tuple[Line, ...], marks: Iterable[Mark]) -> Order:
    newest: dict[tuple[str, str], Mark] = {}
    for mark in sorted(marks, key=lambda each: (each.kind, each.ref, each.revision)):
        newest[mark.kind, mark.ref] = mark
    refunds = [mark for mark in newest.values() if mark.kind == "refunded"]
    delivered = [mark.late_days for mark in newest.values() if mark.kind == "delivered"]
    returned = {line_id for mark in refunds for line_id, units in mark.lines.items() if units > 0}
    first = lines[0]
    return Order(
        order_id=first.order_id,
        buyer_id=first.buyer_id,
        market=first.market,
        destination=first.destination,
        currency=first.currency,
        placed_at=first.occurred_at,
        lines=lines,
        state=_state({mark.kind for mark in newest.values()}),
        refunded_minor=sum(mark.amount_minor for mark in refunds),
        returned_lines=len(returned & {line.line_id for line in lines}),
        late_days=max((days for days in delivered if days is not None), default=None),
    )


def _state(heard: set[Kind]) -> State:
    """By rank. Money captured for a cancelled order goes back, so cancelled outranks paid."""
    if "cancelled" in heard:
        return "cancelled"
    if "completed" in heard:
        return "completed"
    return "paid" if "paid" in heard else "placed"
