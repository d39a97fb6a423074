"""A write is one transaction, durable when answered, and no neighbour of another's failure."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from chassis import sqlite
from chassis.db import Busy, CommandFailed, Database
from tests.chassis.toy.app import Kept
from tests.chassis.world import count, database, eventually


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("full"))])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/toy.db"
    else:
        url = request.getfixturevalue("postgres_url")
    found = database(url, tmp_path)
    yield found
    found.close()


def keep(session: Session, number: int) -> int:
    session.execute(insert(Kept).values(kept_id=f"kpt_{number}", number=number))
    return number


async def all_at_once(db: Database, numbers: list[int]) -> list[object]:
    writes = [db.write(keep, number) for number in numbers]
    return list(await asyncio.gather(*writes, return_exceptions=True))


def test_one_that_raises_is_rolled_back_alone(db: Database) -> None:
    answers = asyncio.run(all_at_once(db, [*range(100), *range(20)]))

    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 20
    assert db.look(count).result() == 100


def test_a_stray_commit_or_rollback_touches_no_neighbour(db: Database) -> None:
    def stray(session: Session) -> None:
        keep(session, 1)
        session.commit()
        keep(session, 2)
        session.rollback()

    def forgotten(session: Session) -> None:
        keep(session, 3)
        session.begin_nested()
        keep(session, 4)

    runs: list[Future[Any]] = [
        db.submit(keep, 10),
        db.submit(stray),
        db.submit(forgotten),
        db.submit(keep, 11),
    ]
    for run in runs:
        run.result()

    assert db.look(count).result() == 5


@pytest.mark.parametrize("error", [StopIteration, KeyboardInterrupt, SystemExit])
def test_what_no_future_can_carry_fails_its_command_only(
    db: Database, error: type[BaseException]
) -> None:
    def fails(session: Session) -> None:
        keep(session, 1)
        raise error

    with pytest.raises(CommandFailed):
        asyncio.run(db.write(fails))

    assert db.submit(keep, 2).result() == 2
    assert db.look(count).result() == 1


def test_a_read_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError):
        db.look(keep, 1).result()


def test_a_caller_who_leaves_has_written_all_the_same(db: Database) -> None:
    async def leaves() -> None:
        task = asyncio.create_task(db.write(keep, 1))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leaves())

    eventually(lambda: db.look(count).result() == 1)


def test_a_full_disk_fails_nobody_who_fits(tmp_path: Path) -> None:
    """SQLite ends the whole transaction: each member is run again, alone."""
    db = database(f"sqlite:///{tmp_path}/toy.db", tmp_path)

    def limit(session: Session) -> None:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        session.execute(text(f"PRAGMA max_page_count={pages + 4}"))

    def huge(session: Session) -> None:
        session.execute(text("CREATE TABLE huge (x BLOB)"))
        session.execute(text("INSERT INTO huge VALUES (zeroblob(1000000))"))

    db.submit(limit).result()
    runs: list[Future[Any]] = [db.submit(keep, 1), db.submit(huge), db.submit(keep, 2)]

    assert runs[0].result() == 1
    with pytest.raises((OperationalError, Busy)):
        runs[1].result()
    assert runs[2].result() == 2
    assert db.look(count).result() == 2
    db.close()


def test_a_file_that_another_process_holds_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 50)
    db = database(f"sqlite:///{tmp_path}/toy.db", tmp_path)
    other = sqlite3.connect(tmp_path / "toy.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Busy):
        db.submit(keep, 1).result()
    other.execute("COMMIT")
    other.close()

    assert db.submit(keep, 1).result() == 1
    db.close()


@pytest.mark.xdist_group("full")
def test_a_deadlock_is_run_again_and_both_succeed(postgres_url: str, tmp_path: Path) -> None:
    db = database(postgres_url, tmp_path)
    for number in (1, 2):
        db.submit(keep, number).result()
    both = threading.Barrier(2, timeout=10)
    tries: list[int] = []

    def swap(session: Session, first: int, second: int) -> None:
        tries.append(first)
        change = text("UPDATE kept SET number = number + 10 WHERE place = :place")
        session.execute(change, {"place": first})
        if len(tries) <= 2:
            both.wait()
        session.execute(change, {"place": second})

    for run in [db.submit(swap, 1, 2), db.submit(swap, 2, 1)]:
        run.result()

    assert len(tries) > 2  # on a slow machine the second try may meet again
    db.close()
