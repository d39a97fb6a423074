"""The log in Apache Kafka: CloudEvents 1.0 in binary mode, facts kept, states compacted."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from time import monotonic
from typing import Any

from kafka import (  # type: ignore[import-untyped]
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    TopicPartition,
)
from kafka.admin import NewTopic  # type: ignore[import-untyped]
from kafka.errors import (  # type: ignore[import-untyped]
    CommitFailedError,
    KafkaError,
    TopicAlreadyExistsError,
)
from kafka.structs import OffsetAndMetadata  # type: ignore[import-untyped]

from chassis.log import Delivery, LogUnavailable, Place, Positions, Record

_FOREVER_MS = 2_147_483_647  # a record on its way is never given up: waiting is not failing
_CALL_S = 2.0
_CALL_MS = int(_CALL_S * 1000)


class KafkaLog:
    """Implements chassis.log.Log. The client's own thread sends; a lock keeps batches in order."""

    def __init__(self, url: str, partitions: int, retention: timedelta) -> None:
        self._servers = url.removeprefix("kafka://").split(",")
        self._partitions = partitions
        self._retention = retention
        self._topics: set[str] = set()
        self._lock = threading.Lock()
        self._sending: KafkaProducer | None = None
        self._on_their_way: dict[str, Any] = {}  # futures by event id

    def append(self, records: Sequence[Record]) -> int:
        with self._lock:
            try:
                self._create({record.topic for record in records})
                for record in records:
                    self._send(record)
            except KafkaError as error:
                raise LogUnavailable(f"{self._servers}: {error}") from error
            return self._acknowledged(records)

    def _send(self, record: Record) -> None:
        """Never again while it is on its way: a time-out is not a failure."""
        if record.event_id not in self._on_their_way:
            self._on_their_way[record.event_id] = self._producer().send(
                record.topic,
                key=record.key.encode(),
                value=record.body,
                headers=_headers(record),
            )

    def _acknowledged(self, records: Sequence[Record]) -> int:
        """Only a record that failed, and all after it, are sent again: when all are done."""
        until = monotonic() + _CALL_S
        futures = [self._on_their_way[record.event_id] for record in records]
        if not all(_is_done(future, until) for future in futures):
            raise LogUnavailable(f"{self._servers} does not acknowledge")
        for record in records:
            del self._on_their_way[record.event_id]
        acknowledged = list(takewhile(lambda future: future.succeeded(), futures))
        if not acknowledged:
            raise LogUnavailable(f"{self._servers}: {futures[0].exception}")
        return len(acknowledged)

    def subscribe(
        self, consumer: str, topics: Sequence[str], positions: Positions
    ) -> "KafkaSubscription":
        try:
            self._create(set(topics))
            return KafkaSubscription(self._servers, consumer, topics, positions)
        except KafkaError as error:
            raise LogUnavailable(f"{self._servers}: {error}") from error

    def ready(self) -> bool:
        """A broker answers now; that one has answered before does not count."""
        try:
            with closing(self._admin()) as admin:
                return bool(admin.list_topics() is not None)
        except KafkaError:
            return False

    def close(self) -> None:
        if self._sending is not None:
            self._sending.close(timeout=_CALL_S)

    def _producer(self) -> KafkaProducer:
        if self._sending is None:
            self._sending = KafkaProducer(
                bootstrap_servers=self._servers,
                acks="all",
                linger_ms=0,
                batch_size=131_072,
                max_in_flight_requests_per_connection=5,
                delivery_timeout_ms=_FOREVER_MS,
                max_block_ms=_CALL_MS,
                bootstrap_timeout_ms=_CALL_MS,
                reconnect_backoff_max_ms=1000,
            )
        return self._sending

    def _admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(bootstrap_servers=self._servers, bootstrap_timeout_ms=_CALL_MS)

    def _create(self, topics: set[str]) -> None:
        """Facts are kept for their retention, states compacted. Twice is harmless."""
        missing = topics - self._topics
        if not missing:
            return
        with closing(self._admin()) as admin:
            for topic in sorted(missing):
                self._create_one(admin, topic)
        self._topics |= missing

    def _create_one(self, admin: KafkaAdminClient, topic: str) -> None:
        policy = {"cleanup.policy": "compact"}
        if not topic.endswith(".state"):
            milliseconds = int(self._retention.total_seconds() * 1000)
            policy = {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}
        try:
            admin.create_topics(
                [NewTopic(topic, self._partitions, replication_factor=-1, topic_configs=policy)]
            )
        except TopicAlreadyExistsError:
            return


class KafkaSubscription(ConsumerRebalanceListener):  # type: ignore[misc]
    """Implements chassis.log.Subscription. On assignment it seeks to the consumer's own offsets."""

    def __init__(
        self, servers: list[str], consumer: str, topics: Sequence[str], positions: Positions
    ) -> None:
        self._positions = positions
        self._owned: set[Place] = set()
        self._lost: set[Place] = set()
        self._failure: Exception | None = None
        self._client = KafkaConsumer(
            bootstrap_servers=servers,
            group_id=consumer,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=300_000,
            max_poll_records=500,
            reconnect_backoff_max_ms=1000,
            allow_auto_create_topics=False,
        )
        self._client.subscribe(topics=list(topics), listener=self)

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        places = [(part.topic, part.partition) for part in assigned]
        self._owned |= set(places)
        try:
            known = self._positions(places)
        except Exception as error:
            self._failure = error  # reading on from anywhere else could leave records out
            raise
        for topic, partition in places:
            if (topic, partition) in known:
                self._client.seek(TopicPartition(topic, partition), known[topic, partition])
            else:
                self._client.seek_to_beginning(TopicPartition(topic, partition))

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        gone = {(part.topic, part.partition) for part in revoked}
        self._owned -= gone
        self._lost |= gone

    def poll(self, within: float) -> list[Delivery]:
        try:
            batches = self._client.poll(timeout_ms=int(within * 1000))
        except KafkaError as error:
            raise LogUnavailable(str(error)) from error
        if self._failure is not None:
            raise LogUnavailable(f"where to go on from is not known: {self._failure}")
        return [_delivery(message) for batch in batches.values() for message in batch]

    def pause(self, place: Place) -> None:
        if place in self._owned:
            self._client.pause(TopicPartition(*place))

    def resume(self, place: Place) -> None:
        if place in self._owned:
            self._client.resume(TopicPartition(*place))

    def lost(self) -> set[Place]:
        lost, self._lost = self._lost, set()
        return lost

    def commit(self, positions: Mapping[Place, int]) -> None:
        mine = {
            TopicPartition(*place): OffsetAndMetadata(offset, "", -1)
            for place, offset in positions.items()
            if place in self._owned
        }
        if not mine:
            return
        try:
            self._client.commit_async(mine)
        except (CommitFailedError, KafkaError):
            return  # shows the lag only; the offset rows decide

    def close(self) -> None:
        self._client.close(autocommit=False)


def _headers(record: Record) -> list[tuple[str, bytes]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", record.event_id.encode()),
        ("ce_type", record.type.encode()),
        ("ce_source", f"/{record.type.partition('.')[0]}".encode()),
        ("ce_time", record.time.isoformat().encode()),
        ("ce_subject", record.key.encode()),
        ("ce_tenant", record.tenant.encode()),
        ("ce_sequence", str(record.sequence).encode()),
        ("traceparent", record.traceparent.encode()),
        ("content-type", b"application/json"),
    ]


def _delivery(message: Any) -> Delivery:
    """A tombstone, or what is none of ours, has no type: no handler hears it."""
    said = {name: (value or b"").decode(errors="replace") for name, value in message.headers}
    written = datetime.fromtimestamp(message.timestamp / 1000, UTC)
    record = Record(
        event_id=said.get("ce_id", ""),
        type=said.get("ce_type", "") if message.value is not None else "",
        topic=message.topic,
        key=said.get("ce_subject", ""),
        tenant=said.get("ce_tenant", ""),
        sequence=int(said.get("ce_sequence", 0)),
        time=datetime.fromisoformat(said["ce_time"]) if "ce_time" in said else written,
        traceparent=said.get("traceparent", ""),
        body=message.value or b"",
    )
    return Delivery(record, message.partition, message.offset)


def _is_done(future: Any, until: float) -> bool:
    try:
        future.get(timeout=max(0.0, until - monotonic()))
    except KafkaError:
        return bool(future.is_done)
    return True
