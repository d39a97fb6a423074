"""A circuit breaker per upstream: what does not answer is left alone for a while."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

from chassis.http import Problem

FAILURES = 5  # in a row, without another answer between
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
_FAILED = frozenset({502, 503, 504})

STATE = Gauge(
    "hansa_gateway_breaker_state", "0 closed, 1 tried with one request, 2 open", ("upstream",)
)
OPENED = Counter("hansa_gateway_breaker_opened_total", "Breakers that opened", ("upstream",))


class Breaker:
    """Closed until so many failures in a row; then open, twice as long each time; then one request
    is let through, and its answer decides. Any answer but 502, 503 and 504 is a success, from its
    first byte on.
    """

    def __init__(self, upstream: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._failures = 0
        self._pause_s = 0.0  # none while closed
        self._open_until = 0.0
        self._is_tried = False
        self._show()

    @contextmanager
    def watched(self) -> Iterator[Callable[[int], None]]:
        """Give the answer's status as soon as it is there. Raises a 503 Problem while open."""
        is_trial = self._admit()
        is_heard = False

        def heard(status: int) -> None:
            nonlocal is_heard
            is_heard = True
            self._failed() if status in _FAILED else self._succeeded()

        try:
            yield heard
        except Exception:
            if not is_heard:
                self._failed()
            raise
        finally:  # a client that left has told nothing about the upstream
            if is_trial:
                self._is_tried = False
                self._show()

    def _admit(self) -> bool:
        """Whether this request is the one that tries."""
        if not self._pause_s:
            return False
        left_s = self._open_until - self._clock()
        if left_s > 0 or self._is_tried:
            seconds = str(max(1, math.ceil(left_s)))
            detail = f"{self._upstream} has not answered; it is tried again in a moment"
            raise Problem(503, "upstream-down", detail, headers={"Retry-After": seconds})
        self._is_tried = True
        self._show()
        return True

    def _succeeded(self) -> None:
        self._failures, self._pause_s, self._open_until = 0, 0.0, 0.0
        self._show()

    def _failed(self) -> None:
        self._failures += 1
        if self._pause_s and not self._is_tried:
            return  # it was on its way when the breaker opened
        if self._pause_s or self._failures >= FAILURES:
            self._pause_s = min(self._pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
            self._open_until = self._clock() + self._pause_s
            self._is_tried = False
            OPENED.labels(self._upstream).inc()
            self._show()

    def _show(self) -> None:
        is_open = 2 if self._pause_s else 0
        STATE.labels(self._upstream).set(1 if self._is_tried else is_open)
