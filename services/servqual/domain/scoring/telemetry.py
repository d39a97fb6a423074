"""Step B: decayed counts to smoothed shares, shares to points, points to dimensions."""

from dataclasses import dataclass

import numpy as np

from services.servqual.domain.evidence.weights import Floats, Ints, decay, ratio, totals
from services.servqual.domain.scoring.model import DIMENSIONS, Model

_NONE_LEFT = 1e-9  # of all trials: what a subtraction leaves of none


@dataclass(frozen=True)
class Counts:
    """Columns over cells of provider, lane and metric (its column in the model): decayed trials
    and successes. Facts of one cell add up; a success of loss and damage is a loss.
    """

    provider: Ints
    lane: Ints
    metric: Ints
    successes: Floats
    trials: Floats

    def __post_init__(self) -> None:
        if (self.successes < 0).any() or (self.successes > self.trials * (1 + 1e-12)).any():
            raise ValueError("successes below zero or above the trials")


@dataclass(frozen=True)
class Tally:
    """(p, m): a provider's counts over all its lanes."""

    successes: Floats
    trials: Floats


@dataclass(frozen=True)
class Priors:
    """What the other providers do. `mix` is (p, m), over the lanes of the provider; `lane` is one
    per cell of the counts. `is_default` where no other has a trial.
    """

    mix: Floats
    lane: Floats
    is_default: Ints


@dataclass(frozen=True)
class Telemetry:
    """Of metrics (p, m): theta and its variance, utility in points. Of dimensions (p, d): T and
    its variance, NaN where no metric has a trial.
    """

    tally: Tally
    theta: Floats
    var_theta: Floats
    utility: Floats
    sd_utility: Floats
    score: Floats
    var: Floats


def decayed(counts: Counts, day: Floats, at: float, half_life_days: float) -> Counts:
    """Counts of facts, each of its day, as of day `at`."""
    weight = decay(at - day, half_life_days)
    return Counts(
        counts.provider,
        counts.lane,
        counts.metric,
        counts.successes * weight,
        counts.trials * weight,
    )


def tally(counts: Counts, providers: int, model: Model) -> Tally:
    cell = counts.provider * len(model.metrics) + counts.metric
    return Tally(*_totals(counts, cell, (providers, len(model.metrics))))


def priors(counts: Counts, providers: int, model: Model) -> Priors:
    """pi: each lane's rate without the provider, smoothed by kappa towards the global one without
    it, mixed as the provider's own trials are.
    """
    metrics, lanes = len(model.metrics), int(counts.lane.max(initial=0)) + 1
    place = (counts.provider * np.int64(lanes) + counts.lane) * metrics + counts.metric
    _, cell = np.unique(place, return_inverse=True)
    own_s, own_n = (each[cell] for each in _totals(counts, cell, (len(counts.trials),)))
    mine = tally(counts, providers, model)
    others, is_default = _others(mine, model)
    lane_s, lane_n = _totals(counts, counts.lane * metrics + counts.metric, (lanes, metrics))
    at = (counts.lane, counts.metric)
    elsewhere = others[counts.provider, counts.metric]
    left_n = np.maximum(lane_n[at] - own_n, 0.0)
    left_s = np.clip(lane_s[at] - own_s, 0.0, left_n)
    lane = (left_s + model.kappa * elsewhere) / (left_n + model.kappa)
    row = counts.provider * metrics + counts.metric
    mixed = totals(row, counts.trials * lane, providers * metrics).reshape(others.shape)
    mix = np.where(mine.trials > 0, ratio(mixed, mine.trials), others)
    return Priors(np.clip(mix, *model.rate_limits), np.clip(lane, *model.rate_limits), is_default)


def _others(mine: Tally, model: Model) -> tuple[Floats, Ints]:
    """The global rate of each metric without the provider, and where nobody else has a trial."""
    all_n = mine.trials.sum(axis=0)
    n = all_n - mine.trials
    s = np.clip(mine.successes.sum(axis=0) - mine.successes, 0.0, np.maximum(n, 0.0))
    is_default = n <= _NONE_LEFT * np.maximum(all_n, 1.0)
    midpoints = np.array([metric.midpoint for metric in model.metrics])
    return np.where(is_default, midpoints, s / np.where(is_default, 1.0, n)), is_default


def _totals(counts: Counts, cell: Ints, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    size = int(np.prod(shape))
    return (
        totals(cell, counts.successes, size).reshape(shape),
        totals(cell, counts.trials, size).reshape(shape),
    )


def share(successes: Floats, trials: Floats, prior: Floats, kappa: float) -> tuple[Floats, Floats]:
    """theta and its variance: a Beta posterior whose prior is worth kappa trials."""
    theta = (successes + kappa * prior) / (trials + kappa)
    return theta, theta * (1.0 - theta) / (trials + kappa + 1.0)


def utility(
    theta: Floats, var_theta: Floats, floor: Floats, target: Floats
) -> tuple[Floats, Floats]:
    """Points between fixed anchors, and their sd, which the clip does not narrow."""
    worth = 100.0 * np.clip((theta - floor) / (target - floor), 0.0, 1.0)
    return worth, 100.0 * np.sqrt(var_theta) / np.abs(target - floor)


def telemetry(mine: Tally, mix: Floats, model: Model) -> Telemetry:
    floor = np.array([metric.floor for metric in model.metrics])
    target = np.array([metric.target for metric in model.metrics])
    theta, var_theta = share(mine.successes, mine.trials, mix, model.kappa)
    worth, sd = utility(theta, var_theta, floor, target)
    belongs = np.array(
        [[metric.dimension == name for name in DIMENSIONS] for metric in model.metrics], np.float64
    )
    seen = (mine.trials > 0).astype(np.float64)
    k = seen @ belongs
    return Telemetry(
        mine,
        theta,
        var_theta,
        worth,
        sd,
        score=ratio((seen * worth) @ belongs, k),
        var=ratio((seen * sd**2) @ belongs, k**2),
    )
