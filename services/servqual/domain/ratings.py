"""All ratings from all facts, as a job's child computes them; a card's words again in plain Python.

The whole result is JSON: what is stored, said and shown comes from it, so that reading a scorecard
loads no numpy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from services.servqual.domain.evidence.sums import Responses, summed
from services.servqual.domain.evidence.weights import totals
from services.servqual.domain.instrument.items import ITEMS
from services.servqual.domain.scoring.answers import perception, points
from services.servqual.domain.scoring.card import Card, card
from services.servqual.domain.scoring.model import SQ_1, Model
from services.servqual.domain.scoring.rating import Ratings, rate_all
from services.servqual.domain.scoring.telemetry import Counts, decayed, share

Facts = dict[str, Any]
EVERY_LANE = "*"


def rated(given: Facts, progress: Callable[[float], None]) -> dict[str, Any]:
    """Pure, in the child. `given`: `at` in days, `providers`, `lanes` and organisations by number,
    columns of `responses` and of `trials`. Returns a stored card per provider.
    """
    found = cards(given, SQ_1, progress)
    return {"as_of": given["as_of"], "nightly": given["nightly"], "cards": found}


def cards(
    given: Facts, model: Model = SQ_1, progress: Callable[[float], None] = lambda _: None
) -> dict[str, Any]:
    sums = summed(_responses(given["responses"]), given["at"], model.half_life_days)
    counts = _by_cell(_counts(given["trials"], given["at"], model))
    progress(0.3)
    ratings = rate_all(sums, counts, len(given["providers"]), model)
    progress(0.8)
    lanes = _on_time(counts, ratings, given["lanes"])
    return {
        name: _stored(card(ratings, number), ratings, number) | {"on_time": lanes[number]}
        for number, name in enumerate(given["providers"])
    }


def _responses(columns: Mapping[str, Sequence[Any]]) -> Responses:
    answers = np.array(columns["answers"], np.int8).reshape(-1, len(ITEMS))
    return Responses(
        provider=np.array(columns["provider"], np.int32),
        organisation=np.array(columns["organisation"], np.int32),
        day=np.array(columns["day"], np.float64),
        quality=np.array(columns["quality"], np.float64),
        scores=points(perception(answers)),
    )


def _counts(columns: Mapping[str, Sequence[Any]], at: float, model: Model) -> Counts:
    numbers = {metric.name: number for number, metric in enumerate(model.metrics)}
    counts = Counts(
        provider=np.array(columns["provider"], np.int64),
        lane=np.array(columns["lane"], np.int64),
        metric=np.array([numbers[name] for name in columns["metric"]], np.int64),
        successes=np.array(columns["s"], np.float64),
        trials=np.array(columns["n"], np.float64),
    )
    return decayed(counts, np.array(columns["day"], np.float64), at, model.half_life_days)


def _by_cell(counts: Counts) -> Counts:
    """One row for each provider, lane and metric."""
    places = np.stack([counts.provider, counts.lane, counts.metric], axis=1)
    cells, row = np.unique(places, axis=0, return_inverse=True)
    row = row.reshape(-1)
    return Counts(
        provider=cells[:, 0],
        lane=cells[:, 1],
        metric=cells[:, 2],
        successes=totals(row, counts.successes, len(cells)),
        trials=totals(row, counts.trials, len(cells)),
    )


def _on_time(
    counts: Counts, ratings: Ratings, lanes: Sequence[str]
) -> dict[int, dict[str, dict[str, float]]]:
    """Provider -> lane -> theta; over all lanes as `*`. A lane that is not known is not named."""
    column = ratings.model.metric("on_time")
    found = {
        number: {EVERY_LANE: _theta(ratings, number, column)}
        for number in range(len(ratings.trials))
    }
    theta, var = share(
        counts.successes, counts.trials, ratings.constants.priors.lane, ratings.model.kappa
    )
    for cell in np.flatnonzero(counts.metric == column):
        lane = lanes[int(counts.lane[cell])]
        if lane:
            found[int(counts.provider[cell])][lane] = {
                "value": float(theta[cell]),
                "sd": float(np.sqrt(var[cell])),
                "n": float(counts.trials[cell]),
            }
    return found


def _theta(ratings: Ratings, provider: int, column: int) -> dict[str, float]:
    seen = ratings.telemetry
    return {
        "value": float(seen.theta[provider, column]),
        "sd": float(np.sqrt(seen.var_theta[provider, column])),
        "n": float(seen.tally.trials[provider, column]),
    }


def _stored(found: Card, ratings: Ratings, provider: int) -> dict[str, Any]:
    """A card as JSON keeps it, with the constants that it was computed by."""
    kept = asdict(found)
    model = kept.pop("model")
    return kept | {
        "model": model["version"],
        "constants": model,
        "halo": float(ratings.halo[provider]),
        "loss_damage": _theta(ratings, provider, ratings.model.metric("loss_damage")),
    }
