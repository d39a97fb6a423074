"""From rows to centres: where to start, on which rows, how far to go."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils.random import sample_without_replacement

from services.segmentation.domain.fcm.descent import Descent, Sweep, Until, best_of, descend
from services.segmentation.domain.fcm.engine import Engine
from services.segmentation.domain.fcm.frame import Floats, Frame, near_power_of_two
from services.segmentation.domain.fcm.rows import Rows
from services.segmentation.domain.fcm.start import CANDIDATES, distinct, drawn
from services.segmentation.domain.fcm.sweep import Rule

LARGE, SAMPLE, SHARE = 200_000, 50_000, 20  # rows sampled above; at least so many, or 1 in 20
FULL_SWEEPS, ENOUGH = 2, 1e-7  # after a sample: at least so many, until J falls by less


@dataclass(frozen=True, slots=True)
class Training:
    """Rows x (n, d) and weights (n,) above zero, as the caller has them."""

    x: Floats
    weights: Floats | None
    frame: Frame
    dtype: np.dtype[np.floating]

    @property
    def weight_unit(self) -> float:
        """A power of two that brings the mean weight near 1: no sum overflows."""
        return 1.0 if self.weights is None else near_power_of_two(1 / float(self.weights.mean()))

    @property
    def cost_unit(self) -> float:
        """What J in the frame is multiplied by for the caller's units."""
        return 1 / (self.weight_unit * self.frame.unit**2)

    def rows(self, *, kept: bool) -> Rows:
        weights = None if self.weights is None else self.weights * self.weight_unit
        return Rows(self.x, weights, self.frame, self.dtype, kept=kept)

    def part(self, chosen: NDArray[np.intp]) -> "Training":
        weights = None if self.weights is None else self.weights[chosen]
        return replace(self, x=self.x[chosen], weights=weights)


@dataclass(frozen=True, slots=True)
class Plan:
    clusters: int
    rule: Rule
    until: Until
    starts: int
    sample: int | None  # rows the starts run on; None for all


@dataclass(frozen=True, slots=True)
class Fitted:
    descent: Descent  # in the frame
    objectives: tuple[float, ...]  # of each start, in the frame, as last evaluated
    iterations: int  # on the way to the centres, the sample's included
    sweeps: int  # of them over all rows


def sample_size(sample: int | str | None, rows: int) -> int | None:
    if sample == "auto":
        return max(SAMPLE, rows // SHARE) if rows > LARGE else None
    return None if sample is None or int(sample) >= rows else int(sample)


def fitted(
    training: Training,
    plan: Plan,
    given: Floats | None,
    random: RandomState,
    engine: Engine,
    rows: Rows,
) -> Fitted:
    """From the centres given, or from the best of several starts."""
    over = partial(_over, engine, plan.rule)
    if given is not None:
        return _direct(over(rows), [training.frame.inward(given)], plan)
    uniforms = random.random_sample((plan.starts, plan.clusters))
    part = training if plan.sample is None else _sampled(training, plan.sample, random)
    starts = [training.frame.inward(start) for start in _starts(part, training, uniforms, random)]
    if plan.sample is None:
        return _direct(over(rows), starts, plan)
    first, objectives = best_of(over(part.rows(kept=True)), starts, plan.until)
    share = len(training.x) / len(part.x)
    finish = replace(plan.until, decrease=ENOUGH, least=min(FULL_SWEEPS, plan.until.iterations))
    last = descend(over(rows), first.centres, finish)
    steps = len(last.history)
    scaled = tuple(objective * share for objective in objectives)
    return Fitted(last, scaled, len(first.history) + steps, steps)


def _over(engine: Engine, rule: Rule, rows: Rows) -> Sweep:
    return lambda centres: engine.sweep(rows, centres, rule)


def _direct(sweep: Sweep, starts: list[Floats], plan: Plan) -> Fitted:
    best, objectives = best_of(sweep, starts, plan.until)
    return Fitted(best, objectives, len(best.history), len(best.history))


def _sampled(training: Training, size: int, random: RandomState) -> Training:
    chosen = sample_without_replacement(len(training.x), size, random_state=random)
    return training.part(np.sort(chosen))


def _starts(
    part: Training, training: Training, uniforms: Floats, random: RandomState
) -> list[Floats]:
    """In the caller's units. If a sample holds too few distinct rows, from all rows."""
    seen = part if len(part.x) <= CANDIDATES else _sampled(part, CANDIDATES, random)
    for source in (seen, training):
        weights = np.ones(len(source.x)) if source.weights is None else source.weights
        candidates = distinct(source.x, weights)
        if len(candidates.rows) >= uniforms.shape[1]:
            break
    return [drawn(candidates, each, training.frame.unit) for each in uniforms]
