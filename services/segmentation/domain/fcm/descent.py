"""Sweeps until the centres stop; several starts, the best kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.segmentation.domain.fcm.frame import Floats
from services.segmentation.domain.fcm.sweep import Sums

TRIAL, FINALISTS = 10, 3  # iterations of each start, and how many go on

Sweep = Callable[[Floats], Sums]


@dataclass(frozen=True, slots=True)
class Until:
    """When to stop. Without a `shift` all iterations are run; `decrease` is of J, relative."""

    shift: float | None
    iterations: int
    decrease: float = 0.0
    least: int = 1


@dataclass(frozen=True, slots=True)
class Descent:
    centres: Floats
    history: tuple[float, ...]  # J before each step
    sums: Sums  # of the last sweep
    settled: bool


def descend(sweep: Sweep, centres: Floats, until: Until) -> Descent:
    """At least one step: centres to memberships to centres."""
    history: list[float] = []
    settled = False
    while True:
        sums = sweep(centres)
        history.append(sums.objective)
        moved = sums.centres(centres)
        shift = float(np.sqrt(np.square(moved - centres).sum(axis=1)).max())
        centres = moved
        if len(history) >= until.least:
            settled = _stopped(shift, history, until)
        if settled or len(history) >= until.iterations:
            return Descent(centres, tuple(history), sums, settled)


def _stopped(shift: float, history: Sequence[float], until: Until) -> bool:
    if until.shift is None:
        return False
    if shift <= until.shift:
        return True
    if until.decrease == 0 or len(history) < 2:
        return False
    return history[-2] - history[-1] <= until.decrease * history[-2]


def best_of(
    sweep: Sweep, starts: Sequence[Floats], until: Until
) -> tuple[Descent, tuple[float, ...]]:
    """The best descent, and each start's J as last evaluated."""
    if len(starts) == 1:
        only = descend(sweep, starts[0], until)
        return only, (only.history[-1],)
    trial = replace(until, iterations=min(TRIAL, until.iterations))
    tried = [descend(sweep, start, trial) for start in starts]
    order = sorted(range(len(tried)), key=lambda at: tried[at].history[-1])
    for at in order[:FINALISTS]:
        tried[at] = _continued(sweep, tried[at], until)
    best = min(tried, key=lambda descent: descent.history[-1])
    return best, tuple(descent.history[-1] for descent in tried)


def _continued(sweep: Sweep, descent: Descent, until: Until) -> Descent:
    left = until.iterations - len(descent.history)
    if descent.settled or left <= 0:
        return descent
    rest = descend(sweep, descent.centres, replace(until, iterations=left))
    return replace(rest, history=descent.history + rest.history)
