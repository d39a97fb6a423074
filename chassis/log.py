"""The log: one small interface, two implementations (a SQLite file, Apache Kafka)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

Place = tuple[str, int]  # topic, partition
Positions = Callable[[Sequence[Place]], Mapping[Place, int]]  # where a consumer goes on from


class LogUnavailable(Exception):
    """The log did not answer. Nothing is lost: the outbox keeps what was not acknowledged."""


class Record(NamedTuple):
    """One event on its way: what every event carries, and its body as JSON."""

    event_id: str
    type: str
    topic: str
    key: str
    tenant: str
    sequence: int
    time: datetime
    traceparent: str
    body: bytes


class Delivery(NamedTuple):
    """A record as read, with its place in the log."""

    record: Record
    partition: int
    offset: int

    @property
    def place(self) -> Place:
        return self.record.topic, self.partition


class Subscription(Protocol):
    """One consumer's reading. Used by one thread."""

    def poll(self, within: float) -> list[Delivery]:
        """In order per partition; empty after `within` seconds."""

    def pause(self, place: Place) -> None: ...
    def resume(self, place: Place) -> None: ...

    def lost(self) -> set[Place]:
        """What was taken away since this was last asked, though it may have come back."""

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Shows the lag; what counts is the consumer's own offset row."""

    def close(self) -> None: ...


class Log(Protocol):
    """Append and subscribe."""

    def append(self, records: Sequence[Record]) -> int:
        """How many, from the first on, are durably in the log. Raises LogUnavailable for none."""

    def subscribe(
        self, consumer: str, topics: Sequence[str], positions: Positions
    ) -> Subscription: ...

    def ready(self) -> bool: ...
    def close(self) -> None: ...


def open_log(url: str, partitions: int, retention: timedelta) -> Log:
    """`sqlite:///var/log.db` or `kafka://host:port[,host:port]`."""
    if url.startswith("sqlite"):
        from chassis.embedded import EmbeddedLog  # noqa: PLC0415 - only the one in use is imported

        return EmbeddedLog(url, partitions, retention)
    from chassis.kafka import KafkaLog  # noqa: PLC0415

    return KafkaLog(url, partitions, retention)
