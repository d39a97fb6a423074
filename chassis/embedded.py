"""The log in a SQLite file: same order per key, same at-least-once delivery, no broker."""

import sqlite3
import threading
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.engine import make_url

from chassis.db import now
from chassis.log import Delivery, LogUnavailable, Place, Positions, Record
from chassis.sqlite import connect

BATCH = 500
OTHER_PROCESS_S = 0.2  # appends of another process are seen this late at most
PRUNE_S = 3_600.0
_COLUMNS = ", ".join(["id", *Record._fields, "partition"])
_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, type TEXT NOT NULL,
    topic TEXT NOT NULL, key TEXT NOT NULL, tenant TEXT NOT NULL, sequence INTEGER NOT NULL,
    time TEXT NOT NULL, traceparent TEXT NOT NULL, body BLOB NOT NULL, partition INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_by_place ON record (topic, partition, id);
CREATE INDEX IF NOT EXISTS state_by_key ON record (topic, key) WHERE topic LIKE '%.state';
"""
_INSERT = f"INSERT INTO record ({_COLUMNS}) VALUES (NULL{',?' * 10})"  # noqa: S608
_COMPACT = (  # its last condition lets SQLite use the partial index
    "DELETE FROM record WHERE topic = ? AND key = ? AND event_id <> ? AND topic LIKE '%.state'"
)


class EmbeddedLog:
    """Implements chassis.log.Log. Offsets are row ids, rising through all partitions."""

    def __init__(self, url: str, partitions: int, retention: timedelta) -> None:
        self._path = make_url(url).database or ""
        self._partitions = partitions
        self._retention = retention
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self._writer = connect(self._path)
        self._writer.executescript(_SCHEMA)
        self._lock = threading.Lock()
        self._appended = threading.Condition()
        self._pruned_at = monotonic()
        self.appends = 0

    def append(self, records: Sequence[Record]) -> int:
        newest = {(row.topic, row.key): row for row in records if row.topic.endswith(".state")}
        try:
            with self._lock:
                self._append(records, list(newest.values()))
        except sqlite3.Error as error:
            raise LogUnavailable(f"{self._path}: {error}") from error
        with self._appended:
            self.appends += 1
            self._appended.notify_all()
        return len(records)

    def _append(self, records: Sequence[Record], newest: Sequence[Record]) -> None:
        """A key's last state stays: the earlier ones go with the same commit."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            self._writer.executemany(_INSERT, map(self._row, records))
            self._writer.executemany(
                _COMPACT, [(last.topic, last.key, last.event_id) for last in newest]
            )
            self._prune()
            self._writer.execute("COMMIT")
        except sqlite3.Error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def _row(self, record: Record) -> tuple[object, ...]:
        partition = zlib.crc32(record.key.encode()) % self._partitions
        return (*record._replace(time=record.time.isoformat()), partition)  # type: ignore[arg-type]

    def _prune(self) -> None:
        if monotonic() - self._pruned_at < PRUNE_S:
            return
        self._pruned_at = monotonic()
        self._writer.execute(
            "DELETE FROM record WHERE topic NOT LIKE '%.state' AND time < ?",
            ((now() - self._retention).isoformat(),),
        )

    def subscribe(
        self,
        consumer: str,  # noqa: ARG002 - one reader per consumer here, no group to join
        topics: Sequence[str],
        positions: Positions,
    ) -> "EmbeddedSubscription":
        places = [(topic, part) for topic in topics for part in range(self._partitions)]
        return EmbeddedSubscription(self, self._path, places, dict(positions(places)))

    def wait_for_more(self, seen: int, within: float) -> None:
        """Until something was appended since `appends` was `seen`."""
        with self._appended:
            self._appended.wait_for(lambda: self.appends != seen, min(within, OTHER_PROCESS_S))

    def ready(self) -> bool:
        try:
            with self._lock:
                self._writer.execute("SELECT 1")
        except sqlite3.Error:
            return False
        return True

    def close(self) -> None:
        with self._lock:
            self._writer.close()


class EmbeddedSubscription:
    """Implements chassis.log.Subscription.

    One scan by row id serves all partitions. What lies behind it (of a topic that is new to this
    consumer, of a partition that was paused) is read place by place first.
    """

    def __init__(
        self, log: EmbeddedLog, path: str, places: Sequence[Place], positions: dict[Place, int]
    ) -> None:
        self._log = log
        self._rows = connect(path, read_only=True)
        self._topics = sorted({topic for topic, _ in places})
        self._positions = positions  # the next offset per place; 0 where nothing was read
        self._head = min(positions.values(), default=0)
        self._behind = {place for place in places if place not in positions}
        self._paused: set[Place] = set()

    def poll(self, within: float) -> list[Delivery]:
        until = monotonic() + within
        while True:
            seen = self._log.appends
            found = self._read()
            left = until - monotonic()
            if found or left <= 0:
                return found
            self._log.wait_for_more(seen, left)

    def pause(self, place: Place) -> None:
        self._paused.add(place)
        self._behind.discard(place)

    def resume(self, place: Place) -> None:
        if place in self._paused:
            self._paused.discard(place)
            self._behind.add(place)

    def lost(self) -> set[Place]:
        return set()  # one reader owns every place

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Nothing to show: the lag is read from the offset rows."""

    def close(self) -> None:
        self._rows.close()

    def _read(self) -> list[Delivery]:
        while self._behind:
            place = min(self._behind)
            rows = self._select(
                "topic = ? AND partition = ? AND id >= ? AND id < ?",
                [*place, self._positions.get(place, 0), self._head],
            )
            if len(rows) < BATCH:
                self._behind.discard(place)
            if rows:
                return self._deliver(rows)
        marks = ",".join("?" * len(self._topics))  # +: by row id, not sorted from another index
        rows = self._select(f"+topic IN ({marks}) AND id >= ?", [*self._topics, self._head])
        if rows:
            self._head = rows[-1][0] + 1
        return self._deliver(rows)

    def _select(self, where: str, bound: list[object]) -> list[Any]:
        try:
            return self._rows.execute(
                f"SELECT {_COLUMNS} FROM record WHERE {where} ORDER BY id LIMIT {BATCH}",  # noqa: S608
                bound,
            ).fetchall()
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error

    def _deliver(self, rows: list[Any]) -> list[Delivery]:
        found = []
        for offset, *columns, partition in rows:
            record = Record._make(columns)
            place = record.topic, partition
            if place in self._paused or offset < self._positions.get(place, 0):
                continue
            self._positions[place] = offset + 1
            time = datetime.fromisoformat(columns[6])
            found.append(Delivery(record._replace(time=time), partition, offset))
        return found
