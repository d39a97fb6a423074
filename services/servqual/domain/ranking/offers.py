"""Offers as ranking sees them: values between fixed anchors, with their uncertainty."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Criterion(StrEnum):
    COST = "cost"  # landed cost, in one currency for all offers
    ON_TIME = "p_on_time"  # P(on time by the deadline)
    RATING = "rating"  # without reliability, which would count punctuality twice
    DAMAGE = "damage"  # share lost or damaged
    OPTIONS = "option_fit"  # of the options asked but not required, the share to be fulfilled


WEIGHTS: Mapping[Criterion, float] = {
    Criterion.COST: 35.0,
    Criterion.ON_TIME: 35.0,
    Criterion.RATING: 20.0,
    Criterion.DAMAGE: 10.0,
}
OPTIONS_WEIGHT = 10.0  # beside the hundred, before all are brought to a hundred again


class RankingRefused(ValueError):
    """Weights, anchors or offers that nothing can be ranked by."""


@dataclass(frozen=True)
class Estimate:
    """`source` says where it comes from: for on time, the transit table or theta."""

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
class FailedGate:
    gate: str
    fact: str


@dataclass(frozen=True)
class Offer:
    """`failed` is the answer of the gates for this shipment; any one excludes it."""

    id: str
    values: Mapping[Criterion, Estimate]
    failed: tuple[FailedGate, ...] = ()
    is_provisional: bool = False


def weights_for(
    wanted: Mapping[Criterion, float] | None, *, options_asked: bool
) -> dict[Criterion, float]:
    """As given or the default, 100 together. When options are asked but not required, their fit
    joins and all are brought to 100 again. Raises RankingRefused.
    """
    weights = dict(WEIGHTS if wanted is None else wanted)
    sound = all(each >= 0 for each in weights.values())  # NaN is not
    if not sound or not math.isclose(sum(weights.values()), 100.0, abs_tol=1e-9):
        raise RankingRefused(f"weights from 0 up, together 100: {wanted}")
    if not options_asked or Criterion.OPTIONS in weights:
        return weights
    whole = 100.0 + OPTIONS_WEIGHT
    weights[Criterion.OPTIONS] = OPTIONS_WEIGHT
    return {criterion: 100.0 * weight / whole for criterion, weight in weights.items()}


def check(offers: Collection[Offer], criteria: Collection[Criterion]) -> None:
    """What is unknown is no zero: an offer that lacks a value is not ranked by guess."""
    if not offers:
        raise RankingRefused("no offers")
    if len({offer.id for offer in offers}) < len(offers):
        raise RankingRefused("two offers of one id")
    for offer in offers:
        for criterion in criteria:
            estimate = offer.values.get(criterion)
            known = estimate is not None and math.isfinite(estimate.value)
            if not offer.failed and (not known or not estimate or not estimate.sd >= 0):
                raise RankingRefused(f"offer {offer.id}: {criterion} is not known")
