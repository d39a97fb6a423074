"""Outbox to log, in order, by one leader: read, append, delete what the log acknowledged.

Never several workers (they reorder), never an `id > cursor` read (it loses late commits).
"""

import logging
import threading
from collections.abc import Callable, Sequence

import psycopg
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chassis.db import Busy, Database, now
from chassis.log import Log, LogUnavailable, Record
from chassis.outbox import outbox, record_of
from chassis.telemetry import OUTBOX_AGE, OUTBOX_DEPTH, RELAY_FAILURES, RELAYED

BATCH = 500
POLL_S = 1.0  # behind the wake-up, for what was missed
NOTIFY_EVERY_S = 0.005
_logger = logging.getLogger(__name__)


class Relay:
    """One thread per service; of several replicas on PostgreSQL one leads."""

    def __init__(self, service: str, db: Database, log: Log) -> None:
        self._service = service
        self._db = db
        self._log = log
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._said = threading.Event()
        self._threads = [self._thread(self._run)]
        self._leader: psycopg.Connection | None = None
        self._on_postgres = db.url.startswith("postgresql")
        if self._on_postgres:
            self._threads += [self._thread(self._listen), self._thread(self._notify)]
        db.on_said.append(self._wake)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake()
        for thread in self._threads:
            thread.join()
        if self._leader is not None:
            self._leader.close()

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        name = f"{target.__name__}-{self._service}"
        return threading.Thread(target=target, name=name, daemon=True)

    def _wake(self) -> None:
        self._woken.set()
        self._said.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(POLL_S)
            self._woken.clear()
            try:
                while self._leads() and self._move_batch() and not self._stopping.is_set():
                    pass
            except LogUnavailable as error:
                RELAY_FAILURES.labels(self._service).inc()
                _logger.warning("the log is unavailable: %s", error)
                self._stopping.wait(0.2)
                self._woken.set()
            except Exception:
                RELAY_FAILURES.labels(self._service).inc()
                _logger.exception("the relay of %s goes on after an error", self._service)
                self._drop_leadership()
                self._stopping.wait(POLL_S)
                self._woken.set()

    def _move_batch(self) -> bool:
        """True when there may be more."""
        rows = self._db.look(_unpublished).result()
        self._measure(rows)
        if not rows:
            return False
        moved = self._log.append([record for _, record in rows])
        self._forget([number for number, _ in rows[:moved]])
        RELAYED.labels(self._service).inc(moved)
        return moved < len(rows) or len(rows) == BATCH

    def _forget(self, numbers: list[int]) -> None:
        """Sent but not deleted is sent again: what cannot be deleted now is worth another try."""
        while True:
            try:
                self._db.submit(_delete, numbers).result()
            except Busy:
                if self._stopping.wait(0.1):
                    return
            else:
                return

    def _measure(self, rows: Sequence[tuple[int, Record]]) -> None:
        depth = len(rows) if len(rows) < BATCH else self._db.look(_depth).result()
        OUTBOX_DEPTH.labels(self._service).set(depth)
        age = (now() - rows[0][1].time).total_seconds() if rows else 0
        OUTBOX_AGE.labels(self._service).set(age)

    def _leads(self) -> bool:
        if not self._on_postgres:
            return True  # one process holds a SQLite service
        from chassis.postgres import driver_connection  # noqa: PLC0415

        if self._leader is None:
            self._leader = driver_connection(self._db.url)
        lock = "SELECT pg_try_advisory_lock(hashtext('hansa relay'))"
        held = "SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND pid=pg_backend_pid()"
        if self._leader.execute(held).fetchone() != (0,):
            return True
        return self._leader.execute(lock).fetchone() == (True,)

    def _drop_leadership(self) -> None:
        if self._leader is not None:
            self._leader.close()
            self._leader = None

    def _listen(self) -> None:
        """Another replica's commits wake the leader."""

        def hear(connection: psycopg.Connection) -> None:
            connection.execute("LISTEN hansa_outbox")
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                    self._woken.set()

        self._with_connection(hear)

    def _notify(self) -> None:
        """After commits, at most every 5 ms: a NOTIFY inside a command would serialise commits."""

        def tell(connection: psycopg.Connection) -> None:
            while not self._stopping.is_set():
                if self._said.wait(POLL_S):
                    self._said.clear()
                    connection.execute("NOTIFY hansa_outbox")
                    self._stopping.wait(NOTIFY_EVERY_S)

        self._with_connection(tell)

    def _with_connection(self, use: Callable[[psycopg.Connection], None]) -> None:
        from chassis.postgres import driver_connection  # noqa: PLC0415

        while not self._stopping.is_set():
            try:
                with driver_connection(self._db.url) as connection:
                    use(connection)
            except psycopg.Error as error:
                _logger.warning("wake-ups of %s fall back to polling: %s", self._service, error)
                self._stopping.wait(POLL_S)


def _unpublished(session: Session) -> list[tuple[int, Record]]:
    rows = session.execute(select(outbox).order_by(outbox.c.id).limit(BATCH))
    return [(row.id, record_of(row)) for row in rows]


def _depth(session: Session) -> int:
    return session.execute(select(func.count()).select_from(outbox)).scalar_one()


def _delete(session: Session, numbers: list[int]) -> None:
    session.execute(delete(outbox).where(outbox.c.id.in_(numbers)))
