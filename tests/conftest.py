"""The real parts, for any test that asks. Each starts once per worker, and only when asked for.

Tests that need them say `pytest.mark.xdist_group("full")`, so that one worker starts them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from contracts.values import new_id
from onebox.local.daemon import Missing
from onebox.local.kafka import Kafka
from onebox.local.postgres import Postgres


def pytest_configure(config: pytest.Config) -> None:
    """Two things of kafka-python: it reads its schemas by a call that Python 3.11 deprecates and
    3.13 does not, and leaves sockets to the collector while a broker is away.
    """
    words = "(read|open)_text is deprecated"
    config.addinivalue_line("filterwarnings", f"ignore:{words}:DeprecationWarning")
    left = "Exception ignored in. <socket.socket"
    config.addinivalue_line(
        "filterwarnings", f"ignore:{left}:pytest.PytestUnraisableExceptionWarning"
    )


def cannot_run(why: Missing) -> NoReturn:
    """Skipped on a developer's machine, failed where REQUIRE_FULL=1."""
    if os.environ.get("REQUIRE_FULL") == "1":
        pytest.fail(f"REQUIRE_FULL=1, and {why}", pytrace=False)
    pytest.skip(str(why))


@contextmanager
def started(part: type[Kafka] | type[Postgres]) -> Iterator[Kafka | Postgres]:
    """In a folder that any account may walk to: pytest's own folders are for one user."""
    with tempfile.TemporaryDirectory(prefix="hansa-", ignore_cleanup_errors=True) as folder:
        try:
            server = part(Path(folder))
        except Missing as why:
            cannot_run(why)
        with server:
            yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Durable, so that a test may kill it; `start` it again before the test ends."""
    with started(Postgres) as server:
        assert isinstance(server, Postgres)
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """Topics and groups are shared by all tests of a worker: take names of your own."""
    with started(Kafka) as server:
        assert isinstance(server, Kafka)
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A database of this test's own, gone afterwards."""
    name = new_id("test")
    postgres.create_database(name)
    yield postgres.url(name)
    postgres.drop_database(name)
