"""One platform as a process, and both clients built once, for all tests of this folder."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onebox.local.daemon import Missing
from sdk import build
from sdk.document import merged, prepared
from tests.conftest import cannot_run
from tests.sdk.passage import Passage, passage_to
from tests.system.platform import Box, one_box


@pytest.fixture(scope="session")
def box() -> Iterator[Box]:
    with one_box() as running:
        yield running


@pytest.fixture
def passage(box: Box) -> Iterator[Passage]:
    with passage_to(box.url) as way:
        yield way


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return prepared(merged())


@pytest.fixture(scope="session")
def python(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return build.python(document, tmp_path_factory.mktemp("python"))
    except Missing as why:
        cannot_run(why)


@pytest.fixture(scope="session")
def typescript(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return build.typescript(document, tmp_path_factory.mktemp("typescript"))
    except Missing as why:
        cannot_run(why)


@pytest.fixture(scope="session")
def client(python: Path) -> Iterator[ModuleType]:
    """The built package `hansa_client`, imported."""
    sys.path.insert(0, str(python))
    try:
        import hansa_client.api  # type: ignore[import-not-found]  # noqa: PLC0415

        yield hansa_client
    finally:
        sys.path.remove(str(python))
