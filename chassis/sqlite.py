"""SQLite: one writer thread with group commit, and readers with their own connections.

Waiting writes run in savepoints inside one BEGIN IMMEDIATE transaction, committed once with
synchronous=FULL. The dialect below turns a session's transaction into such a savepoint, so that a
forgotten rollback or a stray `session.commit()` cannot touch a neighbour's write.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from chassis.db import Busy, Run
from chassis.settings import Settings
from chassis.telemetry import GROUP_SIZE

GROUP_S = 0.020  # the longest a group gathers waiting writes
BUSY_MS = 5_000  # another process may hold the file that long
READERS = 4


class _Savepoints(SQLiteDialect_pysqlite):
    """A session's BEGIN, COMMIT and ROLLBACK, said as a savepoint of the writer's transaction."""

    supports_statement_cache = True

    def do_execute(self, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        """After SQLite has ended the transaction (disk full) a command does nothing more."""
        _check_open(cursor.connection)
        cursor.execute(statement, parameters)

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        _check_open(cursor.connection)
        cursor.executemany(statement, parameters)

    def do_begin(self, dbapi_connection: Any) -> None:
        _check_open(dbapi_connection)
        dbapi_connection.execute("SAVEPOINT w")

    def do_commit(self, dbapi_connection: Any) -> None:
        if dbapi_connection.in_transaction:
            dbapi_connection.execute("RELEASE w")

    def do_rollback(self, dbapi_connection: Any) -> None:
        if dbapi_connection.in_transaction:
            dbapi_connection.execute("ROLLBACK TO w")
            dbapi_connection.execute("RELEASE w")


def _check_open(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        ended = sqlite3.OperationalError("SQLite has ended the transaction")
        ended.sqlite_errorname = "SQLITE_ABORT"
        raise ended


registry.register("sqlite.savepoints", "chassis.sqlite", "_Savepoints")


def connect(path: str, *, read_only: bool = False) -> sqlite3.Connection:
    """A driver connection in autocommit, durable, with foreign keys on."""
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"file:{path}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    if read_only:
        connection.execute("PRAGMA query_only=1")
    else:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=1")
    return connection


class SQLite:
    """Implements chassis.db.Engine."""

    def __init__(
        self, url: str, settings: Settings, committed: Callable[[Iterable[Run]], None]
    ) -> None:
        self._info = {"settings": settings}
        self._path = make_url(url).database or ":memory:"
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self._committed = committed
        self._queue: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._raw = connect(self._path)
        engine = create_engine(
            "sqlite+savepoints://", creator=lambda: self._raw, poolclass=NullPool
        )
        self._connection = engine.connect()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-read")
        self._own = threading.local()
        self._opened: list[Connection] = []
        self._writer = threading.Thread(target=self._write, name="sqlite-write", daemon=True)
        self._writer.start()

    def submit_write(self, run: Run) -> None:
        if self._writer.is_alive():
            self._queue.put(run)
        else:
            run.fail(Busy("the database is closed"))

    def submit_read(self, run: Run) -> None:
        self._readers.submit(self._read, run)

    def close(self) -> None:
        """Writes already queued are committed first."""
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        for connection in [*self._opened, self._connection]:
            connection.close()
            connection.engine.dispose()

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            if not self._group(first):
                return

    def _group(self, first: Run) -> bool:
        """Runs what waits in one transaction. False once the queue was closed."""
        open_still = True
        if not self._begin(first):
            return self._refuse_waiting()
        runs, answers, until = [first], [self._member(first)], monotonic() + GROUP_S
        while self._raw.in_transaction and monotonic() < until:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                open_still = False
                break
            runs.append(following)
            answers.append(self._member(following))
        if self._raw.in_transaction and self._commit():
            self._tell(runs, answers)
        else:
            self._each_alone(runs)
        return open_still

    def _each_alone(self, runs: list[Run]) -> None:
        """A member ended the outer transaction (disk full, I/O error): nobody has succeeded yet."""
        for run in runs:
            run.info.clear()
            if not self._begin(run):
                continue
            answer = self._member(run)
            if self._raw.in_transaction and self._commit():
                self._tell([run], [answer])
            else:
                self._abandon()
                run.fail(answer[1] or Busy("the write could not be committed"))

    def _begin(self, run: Run) -> bool:
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            run.fail(Busy(str(error)))
            return False
        return True

    def _refuse_waiting(self) -> bool:
        """Another process holds the file: who queued meanwhile has waited as long."""
        for _ in range(self._queue.qsize()):
            if (run := self._queue.get()) is None:
                return False
            run.fail(Busy("the database is held by another process"))
        return True

    def _commit(self) -> bool:
        try:
            self._raw.execute("COMMIT")
        except sqlite3.Error:
            self._abandon()
            return False
        return True

    def _abandon(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def _member(self, run: Run) -> tuple[Any, BaseException | None]:
        session = Session(self._connection, expire_on_commit=False, info=self._info)
        try:
            answer = run.call(session)
            session.commit()
        except BaseException as error:  # whatever a command raises fails it alone
            try:
                session.rollback()
            except (SQLAlchemyError, sqlite3.Error):
                self._abandon()  # its savepoint is gone: nobody of this group has succeeded
            return None, error
        else:
            run.info = dict(session.info)
            return answer, None
        finally:
            session.close()

    def _tell(self, runs: list[Run], answers: list[tuple[Any, BaseException | None]]) -> None:
        GROUP_SIZE.observe(len(runs))
        self._committed(runs)
        for run, (answer, error) in zip(runs, answers, strict=True):
            if error is None:
                run.done(answer)
            else:
                run.fail(error)

    def _read(self, run: Run) -> None:
        try:
            with Session(self._reader(), info=self._info) as session:
                run.done(run.call(session))
        except BaseException as error:
            run.fail(error)

    def _reader(self) -> Connection:
        if not hasattr(self._own, "connection"):
            raw = connect(self._path, read_only=True)
            engine = create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool)
            self._own.connection = engine.connect()
            self._opened.append(self._own.connection)
        connection: Connection = self._own.connection
        return connection
