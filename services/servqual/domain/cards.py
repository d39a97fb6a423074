"""A stored card read again, in plain Python: with a shipper's own weights, and what to say."""

import math
from collections.abc import Mapping
from typing import Any

from services.servqual.domain.instrument.items import DIMENSIONS

MOVED = 0.5  # points of R that are said at once
Card = Mapping[str, Any]


class WeightsWrong(ValueError):
    """Not five numbers from 0 up that sum to 100; the text says how to write them."""


def weights_from(text: str) -> dict[str, float]:
    """`REL:32,RES:22,ASS:19,EMP:16,TAN:11`. Raises WeightsWrong."""
    try:
        pairs = [part.split(":") for part in text.split(",")]
        found = {name: float(number) for name, number in pairs}
    except ValueError:
        found = {}
    sound = set(found) == set(DIMENSIONS) and len(pairs) == len(DIMENSIONS)
    if not sound or not all(math.isfinite(each) and each >= 0 for each in found.values()):
        names = ",".join(f"{name}:.." for name in DIMENSIONS)
        raise WeightsWrong(f"write {names}, each from 0 up")
    if not math.isclose(sum(found.values()), 100.0, abs_tol=1e-9):
        raise WeightsWrong(f"weights add up to 100; these to {sum(found.values()):g}")
    return found


def default_weights(card: Card) -> dict[str, float]:
    return dict(zip(DIMENSIONS, card["constants"]["weights"], strict=True))


def reweighed(card: Card, weights: Mapping[str, float]) -> dict[str, Any]:
    """Step D again with other weights; C, variances and halo are the card's own."""
    constants, part = card["constants"], {name: w / 100.0 for name, w in weights.items()}
    dimensions = card["dimensions"]
    rating = math.fsum(part[each["name"]] * each["score"] for each in dimensions)
    var = math.fsum((part[each["name"]] * each["sd"]) ** 2 for each in dimensions)
    sd = card["halo"] * math.sqrt(var)
    reach = constants["z95"] * sd
    return {
        "rating": rating,
        "sd": sd,
        "ci95": (rating - reach, rating + reach),
        "lcb90": rating - constants["z90"] * sd,
    }


def has_moved(before: Card | None, after: Card) -> bool:
    """R by half a point, or a grade, or from and to insufficient evidence."""
    if before is None:
        return True
    if any(before[name] != after[name] for name in ("grade", "is_insufficient", "model")):
        return True
    moved = abs(after["posterior"]["rating"] - before["posterior"]["rating"])
    return bool(moved >= MOVED)
