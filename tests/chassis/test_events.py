"""Said once committed, in order per key, each effect once; what fails is set aside and told."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import consume
from chassis.db import Database
from chassis.embedded import EmbeddedLog
from chassis.kafka import KafkaLog
from chassis.log import Log, LogUnavailable, Record
from chassis.outbox import outbox, publish, record_of
from contracts.event import Event
from onebox.local.kafka import Kafka
from tests.chassis.toy import app as toy
from tests.chassis.world import Running, count, database, eventually, kept, say

RETENTION = timedelta(days=30)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = database(f"sqlite:///{tmp_path}/toy.db", tmp_path)
    yield found
    found.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    found = EmbeddedLog(f"sqlite:///{tmp_path}/log.db", 12, RETENTION)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _nothing_fails() -> Iterator[None]:
    toy.FAILING.clear()
    yield
    toy.FAILING.clear()


def series_in_order(numbers: list[int]) -> bool:
    """Numbers are series * 1000 + position."""
    last: dict[int, int] = {}
    for number in numbers:
        if last.get(number // 1000, -1) >= number % 1000:
            return False
        last[number // 1000] = number % 1000
    return True


def say_all(db: Database, each: int, several: int) -> None:
    for position in range(each):
        for one in range(several):
            db.submit(say, f"s{one}", one * 1000 + position).result()


def test_each_series_is_handled_in_its_order_and_all_of_it(db: Database, log: Log) -> None:
    with Running(db, log):
        say_all(db, 20, 15)
        eventually(lambda: db.look(count).result() == 300)

    numbers = db.look(kept).result()
    assert series_in_order(numbers)
    assert len(set(numbers)) == 300
    assert db.look(lambda s: s.scalar(select(func.count()).select_from(outbox))).result() == 0


def test_an_event_that_the_relay_sent_twice_is_done_once(db: Database, log: EmbeddedLog) -> None:
    db.submit(say, "s", 1, 2).result()
    rows = db.look(lambda s: s.execute(select(outbox)).all()).result()
    log.append([record_of(row) for row in rows])

    with Running(db, log):
        eventually(lambda: db.look(count).result() == 2)
        db.submit(say, "s", 3).result()
        eventually(lambda: db.look(count).result() == 3)

    assert db.look(kept).result() == [1, 2, 3]


def test_a_service_restored_to_the_past_reads_on_from_what_it_knows(
    tmp_path: Path, db: Database, log: EmbeddedLog
) -> None:
    with Running(db, log):
        db.submit(say, "s", 1, 2).result()
        eventually(lambda: db.look(count).result() == 2)
    backup = tmp_path / "older.db"
    db.submit(lambda s: s.connection().exec_driver_sql("SELECT 1")).result()
    sqlite3.connect(tmp_path / "toy.db").execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "toy.db", backup)
    with Running(db, log):
        db.submit(say, "s", 3, 4).result()
        eventually(lambda: db.look(count).result() == 4)

    older = database(f"sqlite:///{backup}", tmp_path)
    with Running(older, log):
        eventually(lambda: older.look(count).result() == 4)

    assert older.look(kept).result() == [1, 2, 3, 4]
    older.close()


def parked_metric() -> float:
    return REGISTRY.get_sample_value("hansa_parked_records", {"service": "toy"}) or 0.0


def test_what_fails_five_times_is_parked_with_its_followers_and_replayed_in_order(
    db: Database, log: Log
) -> None:
    toy.FAILING.add(13)
    with Running(db, log):
        db.submit(say, "bad", 12, 13, 14).result()
        db.submit(say, "good", 1).result()
        eventually(lambda: len(db.look(consume.parked_rows).result()) == 2)
        eventually(lambda: parked_metric() == 2)
        db.submit(say, "bad", 15).result()
        db.submit(say, "good", 2).result()
        eventually(lambda: len(db.look(consume.parked_rows).result()) == 3)
        eventually(lambda: db.look(count).result() == 3)
    assert sorted(db.look(kept).result()) == [1, 2, 12]
    errors = [row.error for row in db.look(consume.parked_rows).result()]
    assert "13 is unlucky" in errors[0]
    assert errors[1:] == ["", ""]

    toy.FAILING.clear()
    done, failed = consume.replay_all(db, "toy", toy.SERVICE.handlers)

    assert (done, failed) == (3, {})
    assert db.look(kept).result()[-3:] == [13, 14, 15]
    db.look(consume.count_parked, "toy").result()
    assert parked_metric() == 0


def test_a_log_that_is_away_keeps_what_was_said(db: Database, tmp_path: Path) -> None:
    log = EmbeddedLog(f"sqlite:///{tmp_path}/log.db", 12, RETENTION)
    holder = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    log._writer.execute("PRAGMA busy_timeout=20")
    holder.execute("BEGIN IMMEDIATE")
    with Running(db, log):
        db.submit(say, "s", 1).result()
        waiting = "hansa_relay_failures_total"
        eventually(lambda: REGISTRY.get_sample_value(waiting, {"service": "toy"}))
        assert db.look(count).result() == 0
        holder.execute("COMMIT")
        eventually(lambda: db.look(count).result() == 1)
    holder.close()
    log.close()


def test_the_last_state_of_a_key_stays_in_the_embedded_log(db: Database, log: EmbeddedLog) -> None:
    def states(session: Session, *numbers: int) -> None:
        publish(
            session,
            *(
                toy.Standing(tenant="m", sequence=number, series="s", number=number)
                for number in numbers
            ),
        )

    with Running(db, log):
        db.submit(states, 1, 2).result()
        db.submit(states, 3).result()
        held = "SELECT sequence FROM record WHERE topic = 'toy.state'"
        eventually(lambda: log._writer.execute(held).fetchall() == [(3,)])


def test_a_broker_that_is_absent_is_told_soon() -> None:
    """The relay and `/readyz` are not held for the half minute the client would wait."""
    log = KafkaLog("kafka://127.0.0.1:9", 1, RETENTION)
    record = Record(
        uuid4().hex, "toy.said.v1", "toy", "key", "platform", 1, datetime.now(UTC), "", b"{}"
    )
    begun = monotonic()

    assert not log.ready()
    with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:9"):
        log.append([record])

    assert monotonic() - begun < 20
    log.close()


def unique_topic(monkeypatch: pytest.MonkeyPatch) -> str:
    """Kafka's topics are shared by all tests of a worker: this one gets its own."""
    topic = "toy" + uuid4().hex[:8]
    monkeypatch.setattr(Event, "topic", classmethod(lambda _: topic))
    return topic


@pytest.mark.xdist_group("full")
def test_two_replicas_share_the_work_on_kafka_without_losing_or_reordering(
    postgres_url: str, kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = unique_topic(monkeypatch)
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(closing(database(postgres_url, tmp_path))) for _ in range(2)
        )
        logs = [stack.enter_context(closing(KafkaLog(kafka.url, 12, RETENTION))) for _ in range(2)]
        with Running(first, logs[0], name):
            speaker = threading.Thread(target=say_all, args=(first, 30, 10))
            speaker.start()
            with Running(second, logs[1], name):
                speaker.join()
            eventually(lambda: first.look(count).result() == 300, 120)

        numbers = first.look(kept).result()
        assert len(set(numbers)) == 300
        assert series_in_order(numbers)


@pytest.mark.xdist_group("full")
def test_a_broker_that_is_killed_loses_nothing(
    postgres_url: str, kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = unique_topic(monkeypatch)
    with (
        closing(database(postgres_url, tmp_path)) as db,
        closing(KafkaLog(kafka.url, 12, RETENTION)) as log,
    ):
        with Running(db, log, name):
            speaker = threading.Thread(target=say_all, args=(db, 40, 5))
            speaker.start()
            eventually(lambda: db.look(count).result() > 5, 60)
            kafka.kill()
            kafka.start()
            speaker.join()
            eventually(lambda: db.look(count).result() == 200, 90)

        assert series_in_order(db.look(kept).result())
