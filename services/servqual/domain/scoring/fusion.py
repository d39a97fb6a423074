"""Step C: perception and telemetry to one, by their variances; telemetry up to a cap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.servqual.domain.evidence.weights import Floats


@dataclass(frozen=True)
class Source:
    """Points and their variance, NaN where the source says nothing."""

    score: Floats
    var: Floats


@dataclass(frozen=True)
class Fused:
    """`telemetry_weight` is omega, 0 where telemetry is silent."""

    score: Floats
    var: Floats
    telemetry_weight: Floats
    disagrees: NDArray[np.bool_]


def fuse(
    survey: Source, telemetry: Source, prior: Source, *, cap: Floats, delta2: float, sds: float = 2
) -> Fused:
    """The one that speaks where the other is silent, the prior where both are. `delta2` is what
    two honest methods may differ by; at more than `sds` they disagree. Broadcasts.
    """
    v_s, v_t = survey.var + delta2, telemetry.var + delta2
    asked, seen = ~np.isnan(survey.score), ~np.isnan(telemetry.score)
    both = asked & seen
    omega = np.where(both, np.minimum(cap, v_s / (v_s + v_t)), np.where(seen, 1.0, 0.0))
    s, t = np.nan_to_num(survey.score), np.nan_to_num(telemetry.score)
    score = omega * t + (1.0 - omega) * s
    var = omega**2 * np.nan_to_num(v_t) + (1.0 - omega) ** 2 * np.nan_to_num(v_s)
    silent = ~(asked | seen)
    return Fused(
        score=np.where(silent, prior.score, score),
        var=np.where(silent, prior.var + delta2, var),
        telemetry_weight=omega,
        disagrees=both & (np.abs(s - t) > sds * np.sqrt(np.where(both, v_s + v_t, 0.0))),
    )
