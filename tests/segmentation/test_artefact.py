"""A model is one document; whatever is off about it is refused."""

from typing import Any

import pytest

from services.segmentation.domain.artefact import BadArtefact, opened, sealed, written

COLUMN = {
    "name": "monetary", "low": 0.1, "high": 1e7, "is_logged": True, "centre": 0.1 + 0.2,
    "scale": 1e-17, "weight": 1.0,
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "format": 1, "population": "customers", "feature_set": 1, "features": ["monetary", "markets"],
    "transform": [COLUMN], "dropped": {"markets": "constant"}, "priors": {}, "centres": [[1.5]],
    "m": 2.0, "noise_distance": None, "mass": [3.0], "quantiles": {"unusual_beyond": 1.0},
    "segments": [{"id": "seg_a", "name": "é"}], "indices": {}, "selection": [], "stability": None,
    "structure": None, "seed": 1, "snapshot": {}, "libraries": {},
}  # fmt: skip


def test_what_was_written_is_read_to_the_last_bit() -> None:
    document = sealed(DOCUMENT)

    assert opened(written(document)) == document
    assert opened(written(document))["transform"][0]["centre"] == 0.30000000000000004


def changed(**fields: Any) -> str:
    """Altered, and sealed again by whoever altered it."""
    return written(sealed({**DOCUMENT, **fields}))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no JSON"),
        ("[]", "format 1"),
        (changed(format=2), "format 1"),
        (written(sealed(DOCUMENT)).replace("1.5", "1.6"), "altered"),
        (written(sealed(DOCUMENT)).replace("1.5", "NaN"), "NaN is no number"),
        (written(DOCUMENT), "altered"),
        (changed(centres=[[1.5, 2.0]]), "1 coordinates"),
        (changed(transform=[]), "coordinates"),
        (changed(centres=[["1.5"]]), "no finite number"),
        (changed(centres=[[1.5], [2.0]]), "not as many segments"),
        (changed(transform=[{**COLUMN, "name": "age"}]), "features that it does not have"),
        (changed(m=1.0), "greater than 1"),
        (written(sealed({k: v for k, v in DOCUMENT.items() if k != "transform"})), "transform"),
    ],
)
def test_a_document_that_is_off_is_refused_with_the_reason(text: str, word: str) -> None:
    with pytest.raises(BadArtefact, match=word):
        opened(text)
