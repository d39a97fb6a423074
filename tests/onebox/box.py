"""The whole platform in this process, for tests that look at all of it at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onebox.app import OneBox, migrate_all
from onebox.development import keys_of
from starlette.testclient import TestClient

from tests.running import settings_in


@contextmanager
def running(folder: Path, **changed: object) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """A client at the door, and the sample merchant's keys."""
    settings = settings_in(folder, requests_per_second=1_000_000, **changed)
    migrate_all(settings)
    keys = keys_of(folder, settings, "http://testserver")
    with TestClient(OneBox(settings), raise_server_exceptions=False) as client:
        yield client, keys
