"""The way of an order: one table. What it says is in contracts/orders.py.

A fact is first remembered (`state.py`), then looked up, then what is seen of all lines and
shipments together is looked up until nothing new is seen. So facts of shipments, payments and
the order may come in any order and repeatedly.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from services.orders.domain.saga.state import (
    Fact,
    OrderState,
    cancelled_shipments,
    further,
    reached,
    remember,
    sees,
)
from services.orders.domain.saga.words import (
    Effect,
    Flag,
    Heard,
    Payment,
    Progress,
    Seen,
    Status,
)


class Do(NamedTuple):
    """An effect and what it is about: a shipment, a return, a payment attempt; "" is the order."""

    effect: Effect
    about: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    state: OrderState
    effects: tuple[Do, ...] = ()

    @property
    def names(self) -> tuple[Effect, ...]:
        return tuple(do.effect for do in self.effects)


class Money(Enum):
    """Effects that depend on where the payment is."""

    TAKE = auto()  # capture; say paid if it has been captured already
    TAKE_FOR_DIGITAL = auto()  # the same, if nothing is shipped
    TAKE_IF_BOOKED = auto()  # the same, if the order goes on as booked or later
    PAID = auto()  # say so once
    GIVE_BACK = auto()  # void or refund, whichever undoes what was done


class Where(Enum):
    """Where an order goes, if no status is named."""

    SAME = auto()
    RESUME = auto()  # where a cancelling order was, or has come to since


_SAME = Where.SAME
Row = tuple[Status | Where, tuple[Effect | Money, ...]]

_CANCEL: Row = (Status.CANCELLED, (Money.GIVE_BACK, Effect.SAY_CANCELLED))
_ASK: Row = (Status.CANCELLING, (Effect.SAY_CANCEL_REQUESTED,))
_PAID: Row = (_SAME, (Money.PAID,))
_UNDO: Row = (_SAME, (Money.GIVE_BACK,))

S, H = Status, Heard
_SOLD = frozenset({S.DELIVERED, S.COMPLETED, S.LOST, S.RETURNED})
_CHARGED = _SOLD | {S.BOOKED, S.SHIPPED, S.RETURNING}
TABLE: dict[tuple[Status, Heard | Seen], Row] = {
    (S.PLACED, H.STOCK_RESERVED): (S.RESERVED, (Effect.AUTHORISE,)),
    (S.PLACED, H.STOCK_SHORT): (S.STOCK_SHORT, (Money.GIVE_BACK, Effect.SAY_CANCELLED)),
    (S.PLACED, H.CANCEL_ASKED): _CANCEL,
    (S.PLACED, H.DEADLINE): _CANCEL,
    (S.RESERVED, H.DECLINED): (_SAME, (Effect.SAY_PAYMENT_FAILED,)),
    (S.RESERVED, H.TRIED_AGAIN): (_SAME, (Effect.AUTHORISE,)),
    (S.RESERVED, H.AUTHORISED): (S.CONFIRMED, (Effect.SAY_CONFIRMED, Money.TAKE_FOR_DIGITAL)),
    (S.RESERVED, H.CANCEL_ASKED): _CANCEL,
    (S.RESERVED, H.DEADLINE): _CANCEL,
    (S.CONFIRMED, Seen.EVERY_LINE_BOOKED): (S.BOOKED, (Money.TAKE,)),
    (S.CONFIRMED, Seen.BOOKING_CANCELLED): _ASK,
    (S.CONFIRMED, Seen.DIGITAL_PAID): (S.DELIVERED, (Money.PAID,)),
    (S.CONFIRMED, H.SHIPMENT_REFUSED): _CANCEL,
    (S.CONFIRMED, H.CAPTURE_FAILED): _ASK,
    (S.CONFIRMED, H.CANCEL_ASKED): _ASK,
    (S.CONFIRMED, H.DEADLINE): _ASK,
    (S.BOOKED, H.CAPTURED): _PAID,
    (S.BOOKED, H.CAPTURE_FAILED): _ASK,
    (S.BOOKED, Seen.BOOKING_CANCELLED): _ASK,
    (S.BOOKED, H.CANCEL_ASKED): _ASK,
    (S.BOOKED, H.DEADLINE): _ASK,
    (S.BOOKED, Seen.ALL_SHIPPED): (S.SHIPPED, ()),
    (S.BOOKED, Seen.ALL_TURNED_BACK): (S.RETURNING, ()),
    (S.BOOKED, Seen.ALL_DELIVERED): (S.DELIVERED, ()),
    (S.BOOKED, Seen.ALL_LOST): (S.LOST, ()),
    (S.BOOKED, Seen.ALL_SENT_BACK): (S.RETURNED, ()),
    (S.SHIPPED, H.CAPTURED): _PAID,
    (S.SHIPPED, Seen.ALL_TURNED_BACK): (S.RETURNING, ()),
    (S.SHIPPED, Seen.ALL_DELIVERED): (S.DELIVERED, ()),
    (S.SHIPPED, Seen.ALL_LOST): (S.LOST, ()),
    (S.SHIPPED, Seen.ALL_SENT_BACK): (S.RETURNED, ()),
    (S.RETURNING, H.CAPTURED): _PAID,
    (S.RETURNING, Seen.ALL_DELIVERED): (S.DELIVERED, ()),
    (S.RETURNING, Seen.ALL_LOST): (S.LOST, ()),
    (S.RETURNING, Seen.ALL_SENT_BACK): (S.RETURNED, ()),
    (S.DELIVERED, H.CAPTURED): _PAID,
    (S.DELIVERED, H.DEADLINE): (S.COMPLETED, (Effect.SAY_COMPLETED,)),
    (S.DELIVERED, Seen.EVERY_LINE_RETURNED): (S.RETURNED, ()),
    (S.COMPLETED, H.CAPTURED): _PAID,
    (S.COMPLETED, Seen.EVERY_LINE_RETURNED): (S.RETURNED, ()),
    (S.LOST, H.CAPTURED): _PAID,
    (S.RETURNED, H.CAPTURED): _PAID,
    (S.CANCELLING, H.SHIPMENT_VOIDED): _CANCEL,
    (S.CANCELLING, H.CANCELLATION_REFUSED): (Where.RESUME, (Money.TAKE_IF_BOOKED,)),
    **{(status, H.DISPUTE_WON): _PAID for status in _CHARGED},
    (S.CANCELLED, H.AUTHORISED): _UNDO,  # late money goes back
    (S.CANCELLED, H.CAPTURED): _UNDO,
    (S.CANCELLED, H.DISPUTE_WON): _UNDO,
    (S.STOCK_SHORT, H.AUTHORISED): _UNDO,
    (S.STOCK_SHORT, H.CAPTURED): _UNDO,
    (S.STOCK_SHORT, H.DISPUTE_WON): _UNDO,
}

P = Payment
_OPEN = (P.NONE, P.CHALLENGED, P.DECLINED)
PAYMENTS: dict[tuple[Payment, Heard], Payment] = {
    (P.NONE, H.CHALLENGED): P.CHALLENGED,
    (P.NONE, H.DECLINED): P.DECLINED,
    (P.CHALLENGED, H.DECLINED): P.DECLINED,
    (P.DECLINED, H.TRIED_AGAIN): P.NONE,
    **{(payment, H.AUTHORISED): P.AUTHORISED for payment in _OPEN},
    **{(payment, H.CAPTURED): P.CAPTURED for payment in (*_OPEN, P.AUTHORISED, P.VOIDED)},
    (P.AUTHORISED, H.VOIDED): P.VOIDED,
    **{
        (payment, heard): after
        for payment in (P.CAPTURED, P.PARTIALLY_REFUNDED)
        for heard, after in (
            (H.PARTLY_REFUNDED, P.PARTIALLY_REFUNDED),
            (H.REFUNDED, P.REFUNDED),
            (H.DISPUTED, P.DISPUTED),
        )
    },
    (P.DISPUTED, H.DISPUTE_WON): P.CAPTURED,
    (P.DISPUTED, H.DISPUTE_LOST): P.REFUNDED,
}  # a payment's word that is not here is late or a repetition, and moves the order no more either
OF_PAYMENT = frozenset(heard for _, heard in PAYMENTS)
OF_AN_ATTEMPT = frozenset({H.CHALLENGED, H.DECLINED, H.AUTHORISED})


_MAY_BREAK = (S.RESERVED, S.CONFIRMED, S.BOOKED, S.CANCELLING)
_ALIVE = _CHARGED | {S.CONFIRMED}
_ON_ITS_WAY = frozenset(Progress) - {Progress.BOOKED, Progress.CANCELLED}
_IN_FORCE = (P.AUTHORISED, P.CAPTURED)


def advance(state: OrderState, fact: Fact) -> Step:
    """Total: what the table does not name changes nothing."""
    if fact.heard in OF_AN_ATTEMPT and fact.attempt not in (0, state.attempt):
        return _stray(state, fact)
    if _says_nothing_new(state, fact):
        return Step(state)
    step = Step(remember(_with_payment(state, fact), fact))
    if fact.heard is H.CAPTURED and state.payment in _OPEN:
        step = _follow(step, H.AUTHORISED)  # the provider's words came out of order
    step = _follow(step, fact.heard)
    if state.status is S.PLACED and state.payment in _IN_FORCE:
        step = _follow(step, H.AUTHORISED)
    while seen := sees(step.state):
        step = _follow(step, seen)
    return _settled(step)


def _stray(state: OrderState, fact: Fact) -> Step:
    """An earlier attempt's word: a declined one that was authorised after all is given back."""
    about = f"attempt:{fact.attempt}"
    if fact.heard is not H.AUTHORISED or about in state.done:
        return Step(state)
    return Step(replace(state, done=state.done | {about}), (Do(Effect.VOID_STRAY, about),))


def _says_nothing_new(state: OrderState, fact: Fact) -> bool:
    if fact.heard is H.DEADLINE:
        return fact.waited_in not in (None, state.status)  # the order went on in time
    if fact.heard is H.TRIED_AGAIN and state.status is not S.RESERVED:
        return True
    if fact.heard is H.CAPTURE_FAILED:
        return state.payment is not P.AUTHORISED or Flag.CAPTURE_FAILED in state.flags
    return fact.heard in OF_PAYMENT and (state.payment, fact.heard) not in PAYMENTS


def _with_payment(state: OrderState, fact: Fact) -> OrderState:
    flags = state.flags
    if fact.heard is H.CAPTURE_FAILED:
        flags |= {Flag.CAPTURE_FAILED}
    if fact.heard is H.CAPTURED:
        flags -= {Flag.CAPTURE_FAILED}
    if fact.heard is H.RESERVATION_BROKEN and state.status in _MAY_BREAK:
        flags |= {Flag.RESERVATION_BROKEN}
    payment = PAYMENTS.get((state.payment, fact.heard), state.payment)
    attempt = state.attempt + (fact.heard is H.TRIED_AGAIN)
    return replace(state, payment=payment, flags=flags, attempt=attempt)


def _follow(step: Step, word: Heard | Seen) -> Step:
    row = TABLE.get((step.state.status, word))
    if row is None:
        return step
    to, effects = row
    state = _moved(step.state, to)
    done: list[Do] = []
    for effect in effects:
        name = effect if isinstance(effect, Effect) else _of_money(effect, state)
        if name is None:
            continue
        done.append(Do(name))
        if name is Effect.SAY_PAID:
            state = replace(state, done=state.done | {Effect.SAY_PAID.value})
    return Step(state, (*step.effects, *done))


def _moved(state: OrderState, to: Status | Where) -> OrderState:
    if to is Where.RESUME:
        return replace(state, status=state.resume or reached(state), resume=None)
    if isinstance(to, Where):
        return state
    return replace(state, status=to, resume=state.status if to is S.CANCELLING else None)


def _of_money(wish: Money, state: OrderState) -> Effect | None:
    if wish is Money.GIVE_BACK:
        return _way_back(state)
    if wish is Money.TAKE_FOR_DIGITAL and not state.is_all_digital:
        return None
    if wish is Money.TAKE_IF_BOOKED and state.status is S.CONFIRMED and not state.is_all_digital:
        return None
    if state.payment in (P.AUTHORISED, P.VOIDED):  # capturing what has lapsed fails for good
        may_capture = wish is not Money.PAID and Flag.CAPTURE_FAILED not in state.flags
        return Effect.CAPTURE if may_capture else None
    is_news = state.holds_the_charge and Effect.SAY_PAID.value not in state.done
    return Effect.SAY_PAID if is_news else None


def _way_back(state: OrderState) -> Effect | None:
    if state.payment is P.AUTHORISED:
        return Effect.VOID
    return Effect.REFUND if state.holds_the_charge else None


def _settled(step: Step) -> Step:
    """What is true of any state, however it was reached: `resume` follows, flags, what is owed."""
    state = step.state
    flags, done, resume = state.flags, state.done, state.resume
    if state.status is S.CANCELLING:
        resume = further(resume or S.CONFIRMED, reached(state))
        done |= cancelled_shipments(state)
    if state.status is S.CANCELLED and _any_has(state, _ON_ITS_WAY):
        flags |= {Flag.MOVES_AFTER_CANCEL}
    if state.status in _SOLD and _any_has(state, {Progress.CANCELLED}):
        flags |= {Flag.PARTLY_CANCELLED}
    owed = _owed(state)
    done |= {f"{do.effect}:{do.about}" for do in owed}
    settled = replace(state, flags=flags, done=done, resume=resume)
    return Step(settled, (*step.effects, *owed))


def _any_has(state: OrderState, progresses: Set[Progress]) -> bool:
    return any(shipment.progress in progresses for shipment in state.shipments)


def _owed(state: OrderState) -> tuple[Do, ...]:
    """Claims and refunds due by what is lost and returned, each once, a refund after the capture.

    Not while cancelling: logistics' answer decides whether all is undone or this order goes on.
    """
    if state.status not in _ALIVE:
        return ()
    lost = [one.shipment_id for one in state.shipments if one.progress is Progress.LOST]
    back = [one.shipment_id for one in state.shipments if one.progress is Progress.RETURNED]
    if state.status in _SOLD - {S.LOST}:
        back += [one.return_id for one in state.returns]
    due = [Do(Effect.OPEN_CLAIM, about) for about in lost]
    if state.holds_the_charge:
        due += [Do(Effect.REFUND_LOST, about) for about in lost]
        due += [Do(Effect.REFUND_RETURNED, about) for about in back]
    is_stuck = state.payment is P.AUTHORISED and Flag.CAPTURE_FAILED in state.flags
    if is_stuck and state.status in (S.LOST, S.RETURNED):
        due.append(Do(Effect.VOID))  # nothing left to charge for
    return tuple(do for do in due if f"{do.effect}:{do.about}" not in state.done)
