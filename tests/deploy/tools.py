"""What deploy/ is checked with. `.ci/run` puts it into the checkout's cache."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
SERVICES = ("catalog", "orders", "logistics", "servqual", "segmentation")
PARTS = ("gateway", *SERVICES)


def missing(what: str) -> NoReturn:
    """Skipped on a developer's machine, failed where REQUIRE_FULL=1."""
    if os.environ.get("REQUIRE_FULL") == "1":
        pytest.fail(f"REQUIRE_FULL=1, and {what} is missing: see .ci/run", pytrace=False)
    pytest.skip(f"{what} is missing: .ci/run shows where it comes from")


def program(name: str, *unpacked: Path) -> str:
    """Where it is, on PATH or in the cache."""
    found = shutil.which(name) or next((str(path) for path in unpacked if path.exists()), None)
    return found or missing(name)


def hadolint() -> str:
    return program("hadolint", CACHE / "deploy/bin/hadolint")


def kubectl() -> str:
    return program("kubectl", CACHE / "deploy/bin/kubectl")


def promtool() -> str:
    return program("promtool", CACHE / "prometheus/usr/bin/promtool")


def prometheus() -> str:
    return program("prometheus", CACHE / "prometheus/usr/bin/prometheus")


def uv() -> str:
    return program("uv", ROOT / ".tools/bin/uv")


def cached(path: str) -> Path:
    """A file of the packages in the cache."""
    found = CACHE / "deploy" / path
    return found if found.exists() else missing(f".cache/deploy/{path}")


def documents(text: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(text) if each]


def values_at(tree: object, name: str) -> Iterator[Any]:
    """Every value under this key, however deep."""
    children: Iterable[Any] = ()
    if isinstance(tree, dict):
        if name in tree:
            yield tree[name]
        children = tree.values()
    elif isinstance(tree, list):
        children = tree
    for child in children:
        yield from values_at(child, name)
