"""A model version as one JSON document: whole, hashed, and refused where anything is off."""

import hashlib
import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

FORMAT = 1
Document = Mapping[str, Any]
_NEEDED = frozenset(
    "format population feature_set features transform dropped priors centres m noise_distance mass "
    "quantiles segments indices selection stability structure seed snapshot libraries".split()
)


class BadArtefact(ValueError):
    """Of an unknown format, altered, or not a model."""


def sealed(document: Document) -> dict[str, Any]:
    """With its SHA-256. Floats are written as their shortest round-trip decimals."""
    return {**document, "sha256": _digest(document)}


def written(document: Document) -> str:
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def opened(text: str) -> dict[str, Any]:
    """Raises BadArtefact."""
    try:
        document = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise BadArtefact(f"no JSON document: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadArtefact(f"an artefact of format {FORMAT} is needed; fit the model again")
    claimed = document.get("sha256")
    if claimed != _digest({key: document[key] for key in document if key != "sha256"}):
        raise BadArtefact("the document does not have the hash it names: it was altered")
    check(document)
    return document


def check(document: Document) -> None:
    """Shapes and numbers. Raises BadArtefact."""
    if missing := _NEEDED - set(document):
        raise BadArtefact(f"it lacks {', '.join(sorted(missing))}")
    wide, tall = len(document["transform"]), len(document["centres"])
    if not wide or not tall or any(len(centre) != wide for centre in document["centres"]):
        raise BadArtefact(f"its centres do not have the {wide} coordinates of its transform")
    if tall != len(document["segments"]) or tall != len(document["mass"]):
        raise BadArtefact(f"it has {tall} centres, but not as many segments and masses")
    if {column["name"] for column in document["transform"]} - set(document["features"]):
        raise BadArtefact("its transform names features that it does not have")
    if not all(_is_number(each) for centre in document["centres"] for each in centre):
        raise BadArtefact("a centre is no finite number")
    if not _is_number(document["m"]) or document["m"] <= 1:
        raise BadArtefact("m must be greater than 1")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _digest(document: Document) -> str:
    return hashlib.sha256(written(document).encode()).hexdigest()


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
