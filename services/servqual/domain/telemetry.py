"""What a concluded shipment says: trials and successes per metric. Not known is no trial."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

CONCLUDED = frozenset({"delivered", "lost", "returned"})
NOT_ITS_FAULT = frozenset({"address_incorrect", "documents_missing", "consignee_refused"})
METRICS = {
    "on_time": "REL",
    "otif": "REL",
    "loss_damage": "REL",
    "first_attempt": "REL",
    "customs_first_pass": "ASS",
    "option_fulfilled": "EMP",
    "exception_notified": "EMP",
    "scan_compliance": "TAN",
}


@dataclass(frozen=True)
class Conclusion:
    """As `logistics.shipment-concluded.v1` tells it; dates in the destination's calendar."""

    status: str
    promised_on: date | None = None
    ended_on: date | None = None
    damaged: bool = False
    complete: bool | None = None
    reasons: tuple[str, ...] = ()
    attempted_first: bool | None = None
    options_ordered: tuple[str, ...] = ()
    options_done: tuple[str, ...] = ()
    customs_days: int = 0
    customs_queries: int | None = None
    is_broker: bool = False
    milestones_expected: int = 0
    milestones_received: float = 0.0
    exceptions: int = 0
    exceptions_notified: int = 0


@dataclass(frozen=True)
class Trials:
    """Successes `s` of `n` trials; of loss_damage a success is the loss."""

    metric: str
    s: float
    n: float


def trials(told: Conclusion) -> list[Trials]:
    """Every metric that this shipment says something about."""
    if told.status not in CONCLUDED:
        return []
    return [
        Trials(metric, min(s, n), n)
        for metric, judge in _JUDGES.items()
        for s, n in judge(told)
        if n > 0
    ]


def is_on_time(told: Conclusion, *, door: bool = False) -> bool | None:
    """None: no trial. Customs days are taken out unless it cleared the goods itself, or `door`."""
    if told.promised_on is None or NOT_ITS_FAULT & set(told.reasons):
        return None
    if told.status != "delivered":
        return False
    if told.ended_on is None:
        return None
    own_days = 0 if told.is_broker or door else told.customs_days
    return told.ended_on - timedelta(days=own_days) <= told.promised_on


def _yes(answer: bool | None) -> Iterator[tuple[float, float]]:
    if answer is not None:
        yield float(answer), 1.0


def _on_time(told: Conclusion) -> Iterator[tuple[float, float]]:
    return _yes(is_on_time(told))


def _otif(told: Conclusion) -> Iterator[tuple[float, float]]:
    """Late is a failure only where it is known whether all came: else only failures would count."""
    in_time = is_on_time(told)
    if in_time is None or (told.status == "delivered" and told.complete is None):
        return _yes(None)
    return _yes(in_time and bool(told.complete) and not told.damaged)


def _loss_damage(told: Conclusion) -> Iterator[tuple[float, float]]:
    return _yes(told.status == "lost" or told.damaged)


def _first_attempt(told: Conclusion) -> Iterator[tuple[float, float]]:
    return _yes(None if NOT_ITS_FAULT & set(told.reasons) else told.attempted_first)


def _customs(told: Conclusion) -> Iterator[tuple[float, float]]:
    known = told.is_broker and told.customs_queries is not None
    return _yes(told.customs_queries == 0 if known else None)


def _options(told: Conclusion) -> Iterator[tuple[float, float]]:
    ordered = set(told.options_ordered)
    yield float(len(ordered & set(told.options_done))), float(len(ordered))


def _exceptions(told: Conclusion) -> Iterator[tuple[float, float]]:
    yield float(told.exceptions_notified), float(told.exceptions)


def _scans(told: Conclusion) -> Iterator[tuple[float, float]]:
    yield told.milestones_received, float(told.milestones_expected)


_JUDGES: dict[str, Callable[[Conclusion], Iterator[tuple[float, float]]]] = {
    "on_time": _on_time,
    "otif": _otif,
    "loss_damage": _loss_damage,
    "first_attempt": _first_attempt,
    "customs_first_pass": _customs,
    "option_fulfilled": _options,
    "exception_notified": _exceptions,
    "scan_compliance": _scans,
}
