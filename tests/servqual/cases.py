"""The reference cases of the specification."""

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Inputs, expected values, absolute tolerance."""
    path = shared("cases/servqual/examples.json")
    found = next(each for each in json.loads(path.read_text())["cases"] if each["id"] == name)
    return found["inputs"], found["expected"], found["tolerance"]


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared is missing: {name}")
    return path
