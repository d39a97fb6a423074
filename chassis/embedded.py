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
_COLUMNS = "id, event_id, type, topic, key, tenant, sequence, time, traceparent, body, partition"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, type TEXT NOT NULL,
    topic TEXT NOT NULL, key TEXT NOT NULL, tenant TEXT NOT NULL, sequence INTEGER NOT NULL,
    time TEXT NOT NULL, traceparent TEXT NOT NULL, body BLOB NOT NULL, partition INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_by_topic ON record (topic, id);
CREATE INDEX IF NOT EXISTS state_by_key ON record (topic, key) WHERE topic LIKE '%.state';
"""


class EmbeddedLog:
    """Implements chassis.log.Log. Offsets are row ids, rising through all partitions."""

    def __init__(self, url: str, partitions: int, retention: timedelta | None = None) -> None:
        self._path = make_url(url).database or ""
        self._partitions = partitions
        self._retention = retention or timedelta(days=30)
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self._writer = connect(self._path)
        self._writer.executescript(_SCHEMA)
        self._lock = threading.Lock()
        self.appended = threading.Condition()
        self._pruned_at = monotonic()

    def append(self, records: Sequence[Record]) -> int:
        rows = [(*_row(record), self._partition(record.key)) for record in records]
        newest = {(row.topic, row.key): row.id for row in records if row.topic.endswith(".state")}
        try:
            with self._lock:
                self._append(rows, newest)
        except sqlite3.Error as error:
            raise LogUnavailable(f"{self._path}: {error}") from error
        with self.appended:
            self.appended.notify_all()
        return len(records)

    def _append(self, rows: list[Any], newest: dict[tuple[str, str], str]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            self._writer.executemany(
                f"INSERT INTO record ({_COLUMNS}) VALUES (NULL,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
                rows,
            )
            self._writer.executemany(  # compacted: the last state per key stays
                "DELETE FROM record WHERE topic = ? AND key = ? AND event_id <> ?",
                [(topic, key, event_id) for (topic, key), event_id in newest.items()],
            )
            self._prune()
            self._writer.execute("COMMIT")
        except sqlite3.Error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

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
        return EmbeddedSubscription(self, self._path, topics, dict(positions(places)))

    def ready(self) -> bool:
        try:
            self._writer.execute("SELECT 1")
        except sqlite3.Error:
            return False
        return True

    def close(self) -> None:
        with self.appended:
            self.appended.notify_all()
        self._writer.close()

    def _partition(self, key: str) -> int:
        return zlib.crc32(key.encode()) % self._partitions


class EmbeddedSubscription:
    """Implements chassis.log.Subscription.

    One scan by row id serves all partitions; a paused one is read again, alone, when it resumes.
    """

    def __init__(
        self, log: EmbeddedLog, path: str, topics: Sequence[str], positions: dict[Place, int]
    ) -> None:
        self._log = log
        self._rows = connect(path, read_only=True)
        self._topics = list(topics)
        self._positions = positions  # the next offset per place; 0 where nothing was read
        self._head = min(positions.values(), default=0) if positions else 0
        self._paused: set[Place] = set()
        self._catching_up: set[Place] = set()
        self._closed = False

    def poll(self, within: float) -> list[Delivery]:
        until = monotonic() + within
        while not self._closed:
            with self._log.appended:
                found = self._read()
                left = until - monotonic()
                if found or left <= 0:
                    return found
                self._log.appended.wait(min(left, OTHER_PROCESS_S))
        return []

    def pause(self, place: Place) -> None:
        self._paused.add(place)

    def resume(self, place: Place) -> None:
        if place in self._paused:
            self._paused.discard(place)
            self._catching_up.add(place)

    def owns(self, place: Place) -> bool:  # noqa: ARG002 - one reader owns every place
        return True

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Nothing to show: the lag is read from the offset rows."""

    def close(self) -> None:
        self._closed = True
        self._rows.close()

    def _read(self) -> list[Delivery]:
        if self._catching_up:
            topic, partition = place = next(iter(self._catching_up))
            rows = self._select(
                "topic = ? AND partition = ? AND id >= ? AND id < ?",
                [topic, partition, self._positions.get(place, 0), self._head],
            )
            if len(rows) < BATCH:
                self._catching_up.discard(place)
            return self._deliver(rows)
        marks = ",".join("?" * len(self._topics))
        rows = self._select(f"topic IN ({marks}) AND id >= ?", [*self._topics, self._head])
        if rows:
            self._head = rows[-1][0] + 1
        return self._deliver(rows)

    def _select(self, where: str, bound: list[object]) -> list[Any]:
        return self._rows.execute(
            f"SELECT {_COLUMNS} FROM record WHERE {where} ORDER BY id LIMIT {BATCH}",  # noqa: S608
            bound,
        ).fetchall()

    def _deliver(self, rows: list[Any]) -> list[Delivery]:
        found = []
        for row in rows:
            delivery = _delivery(row)
            place, offset = delivery.place, delivery.offset
            if place in self._paused or offset < self._positions.get(place, 0):
                continue
            self._positions[place] = offset + 1
            found.append(delivery)
        return found


def _row(record: Record) -> tuple[object, ...]:
    return (
        record.id,
        record.type,
        record.topic,
        record.key,
        record.tenant,
        record.sequence,
        record.time.isoformat(),
        record.traceparent,
        record.body,
    )


def _delivery(row: Any) -> Delivery:
    offset, event_id, kind, topic, key, tenant, sequence, time, trace, body, partition = row
    return Delivery(
        Record(
            id=event_id,
            type=kind,
            topic=topic,
            key=key,
            tenant=tenant,
            sequence=sequence,
            time=datetime.fromisoformat(time),
            traceparent=trace,
            body=body,
        ),
        partition=partition,
        offset=offset,
    )
