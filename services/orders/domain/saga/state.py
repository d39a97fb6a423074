"""What an order remembers of what it heard, so that facts may come in any order."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.orders.domain.saga.words import (
    ADVANCE,
    FINAL,
    Flag,
    Heard,
    Payment,
    Progress,
    Seen,
    Status,
)

Units = tuple[tuple[str, int], ...]  # (line id, units), in line order


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing heard. Shipments, returns and payment attempts name themselves."""

    heard: Heard
    shipment_id: str = ""
    moved: str = ""  # tracking's word, with shipment-moved
    return_id: str = ""
    lines: Units = ()
    attempt: int = 0  # which of the buyer's payment attempts; 0 is the one that counts now
    waited_in: Status | None = None  # with deadline: of which status; None, of the present one


@dataclass(frozen=True, slots=True)
class Shipment:
    shipment_id: str
    progress: Progress = Progress.BOOKED
    lines: Units = ()  # none until its shipment-booked is heard


@dataclass(frozen=True, slots=True)
class Returned:
    return_id: str
    lines: Units


@dataclass(frozen=True, slots=True)
class OrderState:
    """`goods` are the lines that are shipped; none: all digital. `done` holds what is once only."""

    goods: Units
    status: Status = Status.PLACED
    payment: Payment = Payment.NONE
    attempt: int = 1
    resume: Status | None = None  # where a cancelling order goes if it may not be cancelled
    shipments: tuple[Shipment, ...] = ()
    returns: tuple[Returned, ...] = ()
    flags: frozenset[Flag] = frozenset()
    done: frozenset[str] = frozenset()

    @property
    def is_all_digital(self) -> bool:
        return not self.goods

    @property
    def holds_the_charge(self) -> bool:
        return self.payment in {Payment.CAPTURED, Payment.PARTIALLY_REFUNDED}


_MOVED = {
    "cancelled": Progress.CANCELLED,
    "returning": Progress.RETURNING,
    "delivered": Progress.DELIVERED,
    "lost": Progress.LOST,
    "returned": Progress.RETURNED,
    **dict.fromkeys(
        (
            "picked_up",
            "in_transit",
            "customs_hold",
            "customs_cleared",
            "delayed",
            "on_hold",
            "out_for_delivery",
            "available_for_pickup",
            "attempt_failed",
        ),
        Progress.SHIPPED,
    ),
}  # tracking's other words say nothing of where the parcel is, or that it has not left

_REACHED = {
    Progress.BOOKED: Status.BOOKED,
    Progress.SHIPPED: Status.SHIPPED,
    Progress.RETURNING: Status.RETURNING,
    Progress.DELIVERED: Status.DELIVERED,
    Progress.LOST: Status.LOST,
    Progress.RETURNED: Status.RETURNED,
}
_SEEN = {
    Status.SHIPPED: Seen.ALL_SHIPPED,
    Status.RETURNING: Seen.ALL_TURNED_BACK,
    Status.DELIVERED: Seen.ALL_DELIVERED,
    Status.LOST: Seen.ALL_LOST,
    Status.RETURNED: Seen.ALL_SENT_BACK,
}
_UNDER_WAY = (
    Status.CONFIRMED,
    Status.BOOKED,
    Status.SHIPPED,
    Status.RETURNING,
    Status.DELIVERED,
    Status.LOST,
    Status.RETURNED,
)  # rising; an order never goes back along it


def remember(state: OrderState, fact: Fact) -> OrderState:
    """Keep what a fact tells of shipments and returns; one that is known changes nothing."""
    if fact.heard is Heard.SHIPMENT_BOOKED:
        return _with_lines(state, fact)
    if fact.heard is Heard.SHIPMENT_MOVED:
        return _with_progress(state, fact)
    if fact.heard is Heard.RETURN_RECEIVED:
        return _with_return(state, fact)
    return state


def _shipment(state: OrderState, shipment_id: str) -> Shipment:
    known = (one for one in state.shipments if one.shipment_id == shipment_id)
    return next(known, Shipment(shipment_id))


def _with_shipment(state: OrderState, shipment: Shipment) -> OrderState:
    others = [one for one in state.shipments if one.shipment_id != shipment.shipment_id]
    return replace(
        state, shipments=tuple(sorted([*others, shipment], key=lambda one: one.shipment_id))
    )


def _with_lines(state: OrderState, fact: Fact) -> OrderState:
    shipment = _shipment(state, fact.shipment_id)
    return _with_shipment(state, replace(shipment, lines=shipment.lines or fact.lines))


def _with_progress(state: OrderState, fact: Fact) -> OrderState:
    progress = _MOVED.get(fact.moved)
    if progress is None:
        return state
    shipment = _shipment(state, fact.shipment_id)
    if shipment.progress is Progress.LOST and progress is not Progress.LOST:
        return replace(state, flags=state.flags | {Flag.FOUND})
    if shipment.progress in FINAL or ADVANCE[progress] <= ADVANCE[shipment.progress]:
        return state
    return _with_shipment(state, replace(shipment, progress=progress))


def _with_return(state: OrderState, fact: Fact) -> OrderState:
    if any(one.return_id == fact.return_id for one in state.returns):
        return state
    returns = [*state.returns, Returned(fact.return_id, fact.lines)]
    return replace(state, returns=tuple(sorted(returns, key=lambda one: one.return_id)))


def _cover_all_goods(state: OrderState, parts: Iterable[Units]) -> bool:
    units: Counter[str] = Counter()
    for part in parts:
        units.update(dict(part))
    return bool(state.goods) and all(units[line] >= wanted for line, wanted in state.goods)


def is_every_line_booked(state: OrderState) -> bool:
    return _cover_all_goods(state, (one.lines for one in state.shipments))


def cancelled_shipments(state: OrderState) -> frozenset[str]:
    """As marks of `done`: a cancellation is answered once per shipment."""
    return frozenset(
        f"cancelled:{one.shipment_id}"
        for one in state.shipments
        if one.progress is Progress.CANCELLED
    )


def reached(state: OrderState) -> Status:
    """How far an order is by its shipments: the least advanced counts, a cancelled one does not.

    Where all have ended, one delivered makes the order delivered: its return window runs.
    """
    if state.is_all_digital:
        is_paid = state.holds_the_charge
        return Status.DELIVERED if is_paid else Status.CONFIRMED
    if not is_every_line_booked(state):
        return Status.CONFIRMED
    on_their_way = [
        one.progress for one in state.shipments if one.progress is not Progress.CANCELLED
    ]
    return _REACHED[min(on_their_way, key=ADVANCE.__getitem__, default=Progress.BOOKED)]


def further(one: Status, other: Status) -> Status:
    """The later of two statuses from confirmed on."""
    return max(one, other, key=_UNDER_WAY.index)


def sees(state: OrderState) -> Seen | None:
    """The next thing that is true of all lines and shipments together and not yet acted upon."""
    if state.status in {Status.DELIVERED, Status.COMPLETED}:
        is_all_back = _cover_all_goods(state, (one.lines for one in state.returns))
        return Seen.EVERY_LINE_RETURNED if is_all_back else None
    if state.status not in _UNDER_WAY:
        return None
    goes_to = reached(state)
    if _UNDER_WAY.index(goes_to) > _UNDER_WAY.index(state.status):
        return _seen_on_the_way(state, goes_to)
    if state.status is Status.BOOKED and cancelled_shipments(state) - state.done:
        return Seen.BOOKING_CANCELLED
    return None


def _seen_on_the_way(state: OrderState, goes_to: Status) -> Seen:
    if state.is_all_digital:
        return Seen.DIGITAL_PAID
    if state.status is not Status.CONFIRMED:
        return _SEEN[goes_to]
    if goes_to is Status.BOOKED and cancelled_shipments(state) - state.done:
        return Seen.BOOKING_CANCELLED  # before any capture is asked for
    return Seen.EVERY_LINE_BOOKED
