"""The whole platform in this process, for tests that look at all of it at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from cli.imports import KINDS, OPERATORS, folder_as_zip
from cli.sample import FILES
from onebox.app import OneBox, migrate_all
from onebox.development import keys_of
from tests.running import finished, settings_in


def load_sample(client: TestClient, keys: dict[str, str]) -> None:
    """The sample world, through the door, as `make run` loads it."""
    for kind, path in FILES:
        service, where = KINDS[kind]
        key = keys["operator" if kind in OPERATORS else "secret"]
        headers = {"Authorization": f"Bearer {key}"}
        zipped = path.is_dir()
        content = folder_as_zip(path) if zipped else path.read_bytes()
        media = {"Content-Type": "application/zip" if zipped else "text/csv"}
        job = client.post(f"/v1{where}", content=content, headers=headers | media).json()
        ended = finished(client, f"/v1/{service}/jobs/{job['id']}", headers)
        assert ended["status"] == "done", ended
        assert not ended["result"]["errors"], ended


@contextmanager
def running(folder: Path, **changed: object) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """A client at the door, and the sample merchant's keys."""
    settings = settings_in(folder, requests_per_second=1_000_000, **changed)
    migrate_all(settings)
    keys = keys_of(folder, settings, "http://testserver")
    with TestClient(OneBox(settings), raise_server_exceptions=False) as client:
        yield client, keys
