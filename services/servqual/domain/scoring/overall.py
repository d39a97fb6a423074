"""Step D: five dimensions to one rating with its interval; how much evidence there is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.servqual.domain.evidence.weights import Floats
from services.servqual.domain.scoring.fusion import Fused
from services.servqual.domain.scoring.model import DIMENSIONS, Model

Grade = Literal["none", "low", "medium", "high"]
GRADES: tuple[Grade, ...] = ("none", "low", "medium", "high")


class WeightsWrong(ValueError):
    """Not five numbers from 0 up that sum to 100."""


@dataclass(frozen=True)
class Overall:
    """R with its sd, the interval of 95 % and the one-sided bound of 90 %, in points."""

    rating: Floats
    sd: Floats
    low95: Floats
    high95: Floats
    lcb90: Floats


def checked(weights: Sequence[float]) -> tuple[float, ...]:
    """As they are. Raises WeightsWrong."""
    sound = len(weights) == len(DIMENSIONS) and all(each >= 0 for each in weights)
    if not sound or not math.isclose(sum(weights), 100.0, abs_tol=1e-9):
        raise WeightsWrong(f"five weights from 0 up, together 100: {list(weights)}")
    return tuple(weights)


def without_reliability(weights: Sequence[float]) -> tuple[float, ...] | None:
    """The rest brought to 100 again; None where reliability was all that counted."""
    rest = 100.0 - weights[DIMENSIONS.index("REL")]
    if rest <= 0:
        return None
    return tuple(
        0.0 if dimension == "REL" else 100.0 * weight / rest
        for dimension, weight in zip(DIMENSIONS, weights, strict=True)
    )


def overall(fused: Fused, weights: Sequence[float], halo: Floats | float, model: Model) -> Overall:
    """`halo` widens for what goes from one dimension to the next: 1.3, or as measured."""
    part = np.asarray(weights) / 100.0
    rating: Floats = fused.score @ part
    sd = halo * np.sqrt(fused.var @ part**2)
    reach = model.z95 * sd
    return Overall(rating, sd, rating - reach, rating + reach, rating - model.z90 * sd)


def grades(
    n_eff: Floats, trials: Floats, model: Model
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Places in GRADES of survey, telemetry and both together: the better, but at most medium
    where the other is none.
    """
    survey = _graded(n_eff, model.survey_grades)
    telemetry = _graded(trials, model.telemetry_grades)
    together = np.maximum(survey, telemetry)
    alone = np.minimum(survey, telemetry) == 0
    return survey, telemetry, np.where(alone, np.minimum(together, 2), together)


def _graded(evidence: Floats, limits: tuple[float, float]) -> NDArray[np.int64]:
    return np.where(evidence > 0, 1 + np.searchsorted(limits, evidence, side="right"), 0)


def is_insufficient(n_eff: Floats, trials: Floats, model: Model) -> NDArray[np.bool_]:
    return (n_eff < model.sufficient_n_eff) & (trials < model.sufficient_trials)
