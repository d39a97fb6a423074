"""Offers as the choice sees them: values between fixed anchors, with their uncertainty.

The rule is servqual.md, section 9. Servqual has its own copy; both are held to the same cases.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Criterion(StrEnum):
    COST = "cost"  # in one currency for all; duty and tax are the same whoever carries
    ON_TIME = "p_on_time"  # P(on time)
    RATING = "rating"  # without reliability, which would count punctuality twice
    DAMAGE = "damage"  # share lost or damaged


WEIGHTS: Mapping[Criterion, float] = {
    Criterion.COST: 35.0,
    Criterion.ON_TIME: 35.0,
    Criterion.RATING: 20.0,
    Criterion.DAMAGE: 10.0,
}


class RankingRefused(ValueError):
    """Anchors or offers that nothing can be ranked by."""


@dataclass(frozen=True)
class Estimate:
    """`source` says where it comes from: for on time, the lane or all lanes."""

    value: float
    sd: float = 0.0
    source: str = ""


@dataclass(frozen=True)
class Anchors:
    """Worth nothing and worth all, fixed per lane and service class, never taken from offers."""

    worst: float
    best: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.worst) and math.isfinite(self.best)) or self.worst == self.best:
            raise RankingRefused(f"anchors {self.worst} and {self.best} have no span")

    def worth(self, value: float) -> float:
        """0 to 1."""
        return min(1.0, max(0.0, (value - self.worst) / (self.best - self.worst)))

    def spread(self, estimate: Estimate) -> float:
        """sd of the worth; none at an anchor or beyond, where a little more changes nothing."""
        low, high = sorted((self.worst, self.best))
        inside = low < estimate.value < high
        return estimate.sd / (high - low) if inside else 0.0


@dataclass(frozen=True)
class Candidate:
    """An offer whose provider may carry and has been rated."""

    id: str
    values: Mapping[Criterion, Estimate]
    is_provisional: bool = False


def check(candidates: Collection[Candidate]) -> None:
    """What is unknown is no zero: an offer that lacks a value is not ranked by guess."""
    if len({each.id for each in candidates}) < len(candidates):
        raise RankingRefused("two offers of one id")
    for each in candidates:
        for criterion in WEIGHTS:
            estimate = each.values.get(criterion)
            if estimate is None or not math.isfinite(estimate.value) or not estimate.sd >= 0:
                raise RankingRefused(f"offer {each.id}: {criterion} is not known")
