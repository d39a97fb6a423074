"""The breaker before each upstream."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.http import Problem
from chassis.migrate import migrate
from gateway.__main__ import Alone
from gateway.breaker import FAILURES, LONGEST_PAUSE_S, OPENED, STATE, Breaker
from gateway.routes import SERVICES
from onebox.local.ports import free_ports
from tests.gateway.upstream import Upstream, serving
from tests.running import settings_in


class Clock:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("test", clock)


def asks(breaker: Breaker, status: int) -> int:
    """What the client gets from an upstream that would answer so."""
    try:
        with breaker.watched() as heard:
            heard(status)
    except Problem as problem:
        return -int(problem.headers["Retry-After"])
    return status


def state() -> float:
    return float(STATE.labels("test")._value.get())


def test_it_opens_after_failures_in_a_row_and_says_when_to_come_back(breaker: Breaker) -> None:
    opened = OPENED.labels("test")._value.get()
    assert [asks(breaker, 503) for _ in range(FAILURES)] == [503] * FAILURES
    assert asks(breaker, 200) == -1
    assert (state(), OPENED.labels("test")._value.get()) == (2, opened + 1)


def test_one_other_answer_between_keeps_it_closed(breaker: Breaker) -> None:
    for _ in range(3):
        assert [asks(breaker, 504) for _ in range(FAILURES - 1)] == [504] * (FAILURES - 1)
        assert asks(breaker, 500) == 500
    assert state() == 0


def test_half_open_lets_one_through_and_its_answer_decides(breaker: Breaker, clock: Clock) -> None:
    for _ in range(FAILURES):
        asks(breaker, 503)
    clock.s += 1
    with breaker.watched() as heard:
        assert state() == 1
        assert asks(breaker, 200) == -1
        heard(503)
        assert asks(breaker, 200) == -2
    clock.s += 2
    assert asks(breaker, 200) == 200
    assert [asks(breaker, 503), asks(breaker, 200), state()] == [503, 200, 0]


def test_the_pause_doubles_up_to_its_limit(breaker: Breaker, clock: Clock) -> None:
    for _ in range(FAILURES):
        asks(breaker, 503)
    pauses = []
    for _ in range(8):
        pauses.append(-asks(breaker, 200))
        clock.s += pauses[-1]
        assert asks(breaker, 502) == 502
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert LONGEST_PAUSE_S == 30


def test_a_trial_whose_client_leaves_gives_its_place_to_the_next(
    breaker: Breaker, clock: Clock
) -> None:
    for _ in range(FAILURES):
        asks(breaker, 503)
    clock.s += 1
    with pytest.raises(asyncio.CancelledError), breaker.watched():
        raise asyncio.CancelledError

    assert asks(breaker, 200) == 200


def test_an_exception_without_an_answer_is_a_failure_and_one_after_it_is_not(
    breaker: Breaker,
) -> None:
    for _ in range(FAILURES):
        with suppress(ValueError), breaker.watched() as heard:
            heard(200)
            raise ValueError
    assert state() == 0
    for _ in range(FAILURES):
        with suppress(ValueError), breaker.watched():
            raise ValueError
    assert state() == 2


def test_late_failures_of_requests_under_way_do_not_lengthen_the_pause(breaker: Breaker) -> None:
    with breaker.watched() as late:
        for _ in range(FAILURES):
            asks(breaker, 503)
        late(503)
    assert asks(breaker, 200) == -1


@given(st.lists(st.tuples(st.sampled_from([200, 404, 500, 502, 503, 504]), st.floats(0, 40))))
def test_a_healthy_upstream_is_let_through_within_the_longest_pause(
    past: list[tuple[int, float]],
) -> None:
    clock = Clock()
    breaker = Breaker("test", clock)
    for status, later in past:
        asks(breaker, status)
        clock.s += later

    clock.s += LONGEST_PAUSE_S

    assert asks(breaker, 200) == 200


@pytest.fixture
def door(tmp_path: Path) -> Iterator[str]:
    """The gateway as it runs alone, its catalog at a port where nobody listens."""
    with serving(Upstream()) as there:
        upstreams = dict.fromkeys(SERVICES, there)
        upstreams["catalog"] = f"http://127.0.0.1:{free_ports(1)[0]}"
        settings = settings_in(tmp_path, requests_per_second=1_000_000, upstreams=upstreams)
        migrate("gateway", settings.database_for("gateway"))
        with serving(Alone(settings)) as url:
            yield url


def test_an_upstream_that_is_down_is_left_alone_and_others_are_not(
    door: str,
) -> None:
    opened = OPENED.labels("catalog")._value.get()
    with httpx.Client(base_url=door) as client:
        answers = [client.get("/v1/products") for _ in range(FAILURES + 3)]
        own = client.get("/v1/session")

    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert all(answer.json()["type"] == "urn:hansa:problem:upstream-down" for answer in answers)
    assert OPENED.labels("catalog")._value.get() == opened + 1
    assert own.status_code == 200
    assert STATE.labels("orders")._value.get() == 0
