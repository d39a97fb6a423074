"""All steps: from sums and counts to ratings; from ratings to the card of one provider."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.servqual.domain.evidence.sums import Sums, per_provider
from services.servqual.domain.evidence.weights import Floats, effective
from services.servqual.domain.scoring.fusion import Fused, Source
from services.servqual.domain.scoring.halo import fused, halos
from services.servqual.domain.scoring.model import Model
from services.servqual.domain.scoring.overall import Overall, grades, is_insufficient, overall
from services.servqual.domain.scoring.survey import Population, Survey, population, survey
from services.servqual.domain.scoring.telemetry import (
    Counts,
    Priors,
    Tally,
    Telemetry,
    priors,
    tally,
    telemetry,
)


@dataclass(frozen=True)
class Constants:
    """What one provider's score takes from all: kept from a full run for those between."""

    population: Population
    priors: Priors


@dataclass(frozen=True)
class Ratings:
    """Rows are providers as numbered, columns DIMENSIONS or the model's metrics."""

    model: Model
    constants: Constants
    as_of: float
    survey: Survey
    telemetry: Telemetry
    fused: Fused
    overall: Overall
    halo: Floats
    n_eff: Floats  # of responses, whichever of their dimensions count
    trials: Floats  # decayed, on time
    survey_grade: NDArray[np.int64]
    telemetry_grade: NDArray[np.int64]
    grade: NDArray[np.int64]
    is_insufficient: NDArray[np.bool_]


def constants(sums: Sums, counts: Counts, providers: int, model: Model) -> Constants:
    """From the sums and counts of all providers."""
    everyone = per_provider(sums, providers, model.organisation_most)
    return Constants(population(everyone, model), priors(counts, providers, model))


def rate(sums: Sums, mine: Tally, known: Constants, model: Model) -> Ratings:
    """Of as many providers as the tally has rows, all or one: with the same constants the same.

    Sums and tally are decayed to the same day, and not yet capped.
    """
    each = per_provider(sums, len(mine.trials), model.organisation_most)
    seen = telemetry(mine, known.priors.mix, model)
    source = Source(seen.score, seen.var)
    both = fused(each, source, known.population, model)
    halo = halos(sums, source, known.population, model)
    n_eff = effective(each.weight[:, -1], each.squared[:, -1])
    trials = mine.trials[:, model.metric("on_time")]
    survey_grade, telemetry_grade, grade = grades(n_eff, trials, model)
    return Ratings(
        model=model,
        constants=known,
        as_of=sums.at,
        survey=survey(each, known.population, model),
        telemetry=seen,
        fused=both,
        overall=overall(both, model.weights, halo, model),
        halo=halo,
        n_eff=n_eff,
        trials=trials,
        survey_grade=survey_grade,
        telemetry_grade=telemetry_grade,
        grade=grade,
        is_insufficient=is_insufficient(n_eff, trials, model),
    )


def rate_all(sums: Sums, counts: Counts, providers: int, model: Model) -> Ratings:
    """A full run: constants and ratings of the same day."""
    known = constants(sums, counts, providers, model)
    return rate(sums, tally(counts, providers, model), known, model)
