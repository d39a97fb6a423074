"""What an offer did: all who were meant to get it against all who were held out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from services.segmentation.domain.offers import Outcome

Floats = NDArray[np.float64]
LEAST = 2.0  # effective subjects in each arm


@dataclass(frozen=True)
class Effect:
    """Base minor units per subject; None where an arm has too few to tell."""

    n_offer: int
    n_hold_out: int
    effective_offer: float
    effective_hold_out: float
    mean_offer: float | None
    mean_hold_out: float | None
    difference: float | None
    low: float | None  # of the 95 % interval
    high: float | None


def effects(given: dict[str, Any], _: Callable[[float], None]) -> dict[str, Any]:
    """`outcomes` as (arm, base minor units, memberships): of all, and weighed by each segment."""
    found = [Outcome(*each) for each in given["outcomes"]]
    return {
        "whole": asdict(effect(found)),
        "by_segment": {name: asdict(effect(found, name)) for name in given["segments"]},
    }


def effect(outcomes: Sequence[Outcome], segment: str | None = None) -> Effect:
    """Intention to treat: difference of means with Welch's interval (Biometrika 34, 1947, 28).

    For a segment, subjects weigh by membership u: n_eff = (sum u)^2 / sum u^2.
    """
    arms = {arm: _arm(outcomes, arm, segment) for arm in ("offer", "hold_out")}
    (a, wa), (b, wb) = arms["offer"], arms["hold_out"]
    na, nb = _effective(wa), _effective(wb)
    mean_a, mean_b = _mean(a, wa), _mean(b, wb)
    difference = low = high = None
    if mean_a is not None and mean_b is not None and min(na, nb) >= LEAST:
        difference = mean_a - mean_b
        half = _half_width(_variance(a, wa, na), na, _variance(b, wb, nb), nb)
        low, high = difference - half, difference + half
    return Effect(
        n_offer=int((wa > 0).sum()),
        n_hold_out=int((wb > 0).sum()),
        effective_offer=na,
        effective_hold_out=nb,
        mean_offer=mean_a,
        mean_hold_out=mean_b,
        difference=difference,
        low=low,
        high=high,
    )


def _arm(outcomes: Sequence[Outcome], arm: str, segment: str | None) -> tuple[Floats, Floats]:
    there = [outcome for outcome in outcomes if outcome.arm == arm]
    values = np.array([outcome.value_minor for outcome in there], np.float64)
    weights = [1.0 if segment is None else each.memberships.get(segment, 0.0) for each in there]
    return values, np.array(weights, np.float64)


def _effective(weights: Floats) -> float:
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _mean(values: Floats, weights: Floats) -> float | None:
    return float(np.average(values, weights=weights)) if weights.sum() > 0 else None


def _variance(values: Floats, weights: Floats, n: float) -> float:
    """Of one subject, with n - 1 in the denominator."""
    mean = np.average(values, weights=weights)
    return float(np.average((values - mean) ** 2, weights=weights)) * n / (n - 1)


def _half_width(va: float, na: float, vb: float, nb: float) -> float:
    a, b = va / na, vb / nb
    if a + b == 0:
        return 0.0
    freedom = (a + b) ** 2 / (a**2 / (na - 1) + b**2 / (nb - 1))
    return float(stdtrit(freedom, 0.975)) * float(np.sqrt(a + b))
