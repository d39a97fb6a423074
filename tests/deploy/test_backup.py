"""A backup taken while others write, and what is restored from copies of different instants."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cli.backup import NotCopied, back_up
from cli.main import SERVICES, app
from tests.onebox.box import running
from tests.system.platform import eventually

NEW = {
    "title": "Teehaus",
    "base_currency": "EUR",
    "countries": ["DE"],
    "languages": ["de"],
}


def add_merchant(client: TestClient, keys: dict[str, str]) -> str:
    headers = {"Authorization": f"Bearer {keys['operator']}"}
    answer = client.post("/v1/merchants", json=NEW, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["merchant_id"])


def ids(database: Path, statement: str) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute(statement)}


def merchants(folder: Path) -> set[str]:
    return ids(folder / "gateway.db", "SELECT merchant_id FROM merchant")


def known_to_orders(folder: Path) -> set[str]:
    return ids(folder / "orders.db", "SELECT merchant_id FROM known_merchant")


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "LOG_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "var").mkdir()
    return tmp_path / "var"


def test_what_was_answered_before_a_backup_is_in_it_though_others_write_on(
    var: Path, tmp_path: Path
) -> None:
    stop = threading.Event()
    meanwhile: list[str] = []
    with running(var) as (client, keys):

        def write_on() -> None:
            while not stop.is_set():
                meanwhile.append(add_merchant(client, keys))

        before = {add_merchant(client, keys) for _ in range(20)}
        writer = threading.Thread(target=write_on)
        writer.start()
        eventually(lambda: len(meanwhile) > 5)
        at_start = len(meanwhile)
        said = CliRunner().invoke(app, ["backup", str(tmp_path / "copy"), "--var", str(var)])
        at_end = len(meanwhile)
        eventually(lambda: len(meanwhile) > at_end + 5)
        stop.set()
        writer.join()

    assert said.exit_code == 0, said.output
    files = {path.name for path in (tmp_path / "copy").iterdir()}
    assert files == {*(f"{name}.db" for name in SERVICES), "log.db", "backup.json"}
    told = json.loads((tmp_path / "copy/backup.json").read_text())
    assert list(told["bytes"])[-1] == "log.db"
    assert before | set(meanwhile[:at_start]) <= merchants(tmp_path / "copy")
    with running(tmp_path / "copy"):
        eventually(lambda: merchants(tmp_path / "copy") <= known_to_orders(tmp_path / "copy"), 20)


def test_a_service_restored_older_than_the_others_hears_again_what_it_missed(
    var: Path, tmp_path: Path
) -> None:
    with running(var) as (client, keys):
        early = add_merchant(client, keys)
        eventually(lambda: early in known_to_orders(var))
        back_up(SERVICES, var, tmp_path / "early")
        late = {add_merchant(client, keys) for _ in range(10)}
        eventually(lambda: late <= known_to_orders(var))
        back_up(SERVICES, var, tmp_path / "late")
    mixed = tmp_path / "mixed"
    shutil.copytree(tmp_path / "late", mixed)
    shutil.copy(tmp_path / "early/orders.db", mixed / "orders.db")
    assert not late & known_to_orders(mixed)

    with running(mixed) as (client, keys):
        eventually(lambda: late <= known_to_orders(mixed), 20)
        after = add_merchant(client, keys)
        eventually(lambda: after in known_to_orders(mixed), 20)

    assert known_to_orders(mixed) == merchants(mixed)
    assert ids(mixed / "orders.db", "SELECT id FROM parked") == set()


def test_an_empty_log_is_filled_by_saying_the_states_again(var: Path) -> None:
    with running(var) as (client, keys):
        early = add_merchant(client, keys)
        eventually(lambda: early in known_to_orders(var))
    for left in var.glob("log.db*"):
        left.unlink()
    for database in var.glob("*.db"):
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DELETE FROM consumer_offset")
    with closing(sqlite3.connect(var / "orders.db")) as connection, connection:
        connection.execute("DELETE FROM known_merchant")

    with running(var) as (client, keys):
        headers = {"Authorization": f"Bearer {keys['operator']}"}
        said = client.post("/v1/gateway/resay", headers=headers).json()["said"]
        late = add_merchant(client, keys)
        eventually(lambda: {early, late} <= known_to_orders(var), 20)

    assert said >= 2


def test_a_backup_is_whole_or_not_there(var: Path, tmp_path: Path) -> None:
    with running(var):
        pass
    with (var / "orders.db").open("r+b") as damaged:
        damaged.seek(8192)
        damaged.write(b"\xff" * 8192)

    with pytest.raises(NotCopied):
        back_up(SERVICES, var, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()
    (tmp_path / "there").mkdir()
    with pytest.raises(NotCopied, match="there already"):
        back_up(SERVICES, var, tmp_path / "there")


def test_postgres_is_left_to_its_own_tools(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://hansa@127.0.0.1/{service}")

    said = CliRunner().invoke(app, ["backup", str(tmp_path / "copy"), "--var", str(var)])

    assert said.exit_code == 1
    assert not (tmp_path / "copy").exists()
