"""The order's table, explored from placed over everything that can be heard."""

from collections import Counter, deque
from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from services.orders.domain.saga import (
    Effect,
    Fact,
    Flag,
    Heard,
    OrderState,
    Payment,
    Status,
    Step,
    Units,
    advance,
)
from services.orders.domain.saga.table import OF_PAYMENT, PAYMENTS, TABLE

GOODS: Units = (("l1", 2),)
OUTCOMES = ("delivered", "lost", "returned")
ENDS = {Status.COMPLETED, Status.CANCELLED, Status.STOCK_SHORT, Status.LOST, Status.RETURNED}
GONE = {Status.CANCELLED, Status.STOCK_SHORT}
MOVES = ("picked_up", "returning", "delivered", "lost", "returned", "cancelled")
SHIPMENT = {Heard.SHIPMENT_BOOKED, Heard.SHIPMENT_MOVED, Heard.RETURN_RECEIVED}
ORDERS: dict[str, tuple[OrderState, dict[str, Units]]] = {
    "goods": (OrderState(GOODS), {"s1": GOODS}),
    "two parcels": (OrderState(GOODS), {"s1": (("l1", 1),), "s2": (("l1", 1),)}),
    "digital": (OrderState(()), {}),
}
# what the exploration of two parcels leaves out, because one parcel already shows it
QUIET = {
    Heard.DISPUTED, Heard.DISPUTE_WON, Heard.DISPUTE_LOST, Heard.PARTLY_REFUNDED, Heard.REFUNDED,
    Heard.CHALLENGED, Heard.TRIED_AGAIN, Heard.DECLINED, Heard.RESERVATION_BROKEN, Heard.VOIDED,
}  # fmt: skip


def facts(name: str) -> list[Fact]:
    shipments = ORDERS[name][1]
    plain = [Fact(heard) for heard in Heard if heard not in SHIPMENT]
    if name == "two parcels":
        plain = [fact for fact in plain if fact.heard not in QUIET]
    booked = [Fact(Heard.SHIPMENT_BOOKED, one, lines=lines) for one, lines in shipments.items()]
    moved = [Fact(Heard.SHIPMENT_MOVED, one, moved=word) for one in shipments for word in MOVES]
    back = [Fact(Heard.RETURN_RECEIVED, return_id="r1", lines=GOODS)] if shipments else []
    return [*plain, *booked, *moved, *back]


@cache
def explored(name: str) -> dict[OrderState, dict[Fact, Step]]:
    start, words = ORDERS[name][0], facts(name)
    found: dict[OrderState, dict[Fact, Step]] = {}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        if state in found:
            continue
        found[state] = {
            fact: advance(state, fact)
            for fact in words
            if fact.heard is not Heard.TRIED_AGAIN or state.attempt == 1
        }
        waiting.extend(step.state for step in found[state].values())
    return found


every_order = pytest.mark.parametrize("name", ORDERS)


@every_order
def test_every_state_has_a_way_to_an_end(name: str) -> None:
    before: dict[OrderState, set[OrderState]] = {}
    for state, steps in explored(name).items():
        for step in steps.values():
            before.setdefault(step.state, set()).add(state)
    leads = [state for state in explored(name) if state.status in ENDS]
    ending = set(leads)
    while leads:
        for earlier in before.get(leads.pop(), set()) - ending:
            ending.add(earlier)
            leads.append(earlier)
    assert not set(explored(name)) - ending


@every_order
def test_no_ended_order_holds_money(name: str) -> None:
    for state, steps in explored(name).items():
        for fact, step in steps.items():
            after = step.state
            is_new = (state.status, state.payment) != (after.status, after.payment)
            if after.status in GONE and is_new:
                if after.payment is Payment.AUTHORISED:
                    assert Effect.VOID in step.names, (state, fact)
                if after.payment is Payment.CAPTURED:
                    assert Effect.REFUND in step.names, (state, fact)


@every_order
def test_an_authorisation_that_cannot_be_captured_is_voided_at_the_end(name: str) -> None:
    for state, steps in explored(name).items():
        for fact, step in steps.items():
            stuck = step.state.payment is Payment.AUTHORISED and (
                Flag.CAPTURE_FAILED in step.state.flags
            )
            ended = {Status.LOST, Status.RETURNED}
            was = state.status in ended and Flag.CAPTURE_FAILED in state.flags
            if stuck and step.state.status in ended and not was:
                assert Effect.VOID in step.names, (state, fact)


@every_order
def test_no_ended_order_holds_stock(name: str) -> None:
    for state, steps in explored(name).items():
        for fact, step in steps.items():
            enters = state.status not in GONE and step.state.status in GONE
            assert step.names.count(Effect.SAY_CANCELLED) == enters, (state, fact)


@every_order
def test_an_end_without_goods_is_for_ever(name: str) -> None:
    for state, steps in explored(name).items():
        if state.status in GONE:
            assert {step.state.status for step in steps.values()} == {state.status}


@every_order
def test_a_repeated_fact_changes_nothing(name: str) -> None:
    for state, steps in explored(name).items():
        for fact, step in steps.items():
            assert advance(step.state, fact) == Step(step.state), (state, fact)


@every_order
def test_paid_is_said_once_and_only_of_money_that_was_captured(name: str) -> None:
    for state, steps in explored(name).items():
        for fact, step in steps.items():
            if Effect.SAY_PAID in step.names:
                assert step.state.holds_the_charge, (state, fact)
                assert "say-paid" not in state.done, (state, fact)
                assert step.names.count(Effect.SAY_PAID) == 1


@every_order
def test_an_order_that_is_sold_and_charged_has_said_paid(name: str) -> None:
    going = {Status.BOOKED, Status.SHIPPED, Status.DELIVERED, Status.COMPLETED}
    for state in explored(name):
        if state.status in going and state.payment is Payment.CAPTURED:
            assert "say-paid" in state.done, state


@every_order
def test_the_exploration_meets_every_kind_of_end_it_can(name: str) -> None:
    statuses = {state.status for state in explored(name)}
    wanted = {Status.CANCELLED, Status.COMPLETED, Status.STOCK_SHORT}
    if name != "digital":
        wanted |= {Status.LOST, Status.RETURNED}
    assert statuses >= wanted


def interleaved(one: tuple[Fact, ...], other: tuple[Fact, ...]) -> list[tuple[Fact, ...]]:
    if not one or not other:
        return [one + other]
    return [
        *((one[0], *rest) for rest in interleaved(one[1:], other)),
        *((other[0], *rest) for rest in interleaved(one, other[1:])),
    ]


def run(state: OrderState, heard: tuple[Fact, ...]) -> tuple[OrderState, Counter[str]]:
    effects: Counter[str] = Counter()
    for fact in heard:
        step = advance(state, fact)
        state = step.state
        effects.update(f"{do.effect}:{do.about}" for do in step.effects)
    return state, effects


def shipped(shipment: str, units: int, *moves: str) -> tuple[Fact, ...]:
    booked = Fact(Heard.SHIPMENT_BOOKED, shipment, lines=(("l1", units),))
    return (booked, *(Fact(Heard.SHIPMENT_MOVED, shipment, moved=word) for word in moves))


CONFIRMED = replace(OrderState(GOODS), status=Status.CONFIRMED, payment=Payment.AUTHORISED)
BACK = (Fact(Heard.RETURN_RECEIVED, return_id="r1", lines=GOODS),)


@pytest.mark.parametrize("end", ["delivered", "lost", "returned"])
def test_shipments_and_payment_may_come_in_any_order(end: str) -> None:
    parcels = shipped("s1", 2, "picked_up", "in_transit", end)
    endings = {
        (state, frozenset((effects - Counter(["capture:"])).items()))
        for heard in interleaved(parcels, (Fact(Heard.CAPTURED),))
        for state, effects in [run(CONFIRMED, heard)]
    }  # what was captured already is not asked for
    assert len(endings) == 1


@pytest.mark.parametrize(("one", "other"), list(product(OUTCOMES, OUTCOMES)))
def test_two_parcels_may_end_in_any_order(one: str, other: str) -> None:
    first, second = shipped("s1", 1, "picked_up", one), shipped("s2", 1, "picked_up", other)
    endings = {
        (state, frozenset(effects.items()))
        for heard in interleaved(first, second)
        for state, effects in [run(CONFIRMED, heard)]
    }
    assert len(endings) == 1


def test_a_return_may_be_heard_before_its_delivery() -> None:
    paid, _ = run(CONFIRMED, (*shipped("s1", 2), Fact(Heard.CAPTURED)))
    parcel = shipped("s1", 2, "picked_up", "delivered")[1:]
    endings = {
        (state, frozenset(effects.items()))
        for heard in interleaved(parcel, BACK)
        for state, effects in [run(paid, heard)]
    }
    assert len(endings) == 1
    assert next(iter(endings))[0].status is Status.RETURNED


@pytest.mark.parametrize("answer", [Heard.SHIPMENT_VOIDED, Heard.CANCELLATION_REFUSED])
def test_a_cancellation_may_cross_capture_and_hand_over(answer: Heard) -> None:
    cancelling, _ = run(CONFIRMED, (*shipped("s1", 2), Fact(Heard.CANCEL_ASKED)))
    for parcel in (shipped("s1", 2, "picked_up")[1:], ()):
        endings = set()
        for heard in interleaved(parcel, (Fact(answer),)):
            for everything in interleaved(heard, (Fact(Heard.CAPTURED),)):
                state, effects = run(cancelling, everything)
                if answer is Heard.SHIPMENT_VOIDED:
                    assert effects["refund:"] == 1
                else:
                    assert effects["say-paid:"] == 1
                endings.add(replace(state, done=frozenset()))
        assert len(endings) == 1


def test_payments_words_outside_the_payment_table_move_nothing() -> None:
    for payment, heard in product(Payment, OF_PAYMENT):
        if (payment, heard) not in PAYMENTS:
            for status in Status:
                state = replace(OrderState(GOODS), status=status, payment=payment)
                assert advance(state, Fact(heard)) == Step(state)


def test_the_rows_of_ended_orders_only_give_money_back() -> None:
    for (status, _), (_, effects) in TABLE.items():
        if status in GONE:
            assert [str(effect) for effect in effects] == ["Money.GIVE_BACK"]
