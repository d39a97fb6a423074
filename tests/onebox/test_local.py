"""The real parts start, keep what they were given, and leave nothing running."""

import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer  # type: ignore[import-untyped]
from kafka.admin import NewTopic  # type: ignore[import-untyped]

from contracts.values import new_id
from onebox.local import java, postgres
from onebox.local.daemon import Daemon, DidNotStart, Missing
from onebox.local.kafka import Kafka
from onebox.local.ports import free_ports, is_free
from onebox.local.postgres import Postgres
from tests import conftest

pytestmark = pytest.mark.xdist_group("full")
CHECKOUT = Path(__file__).resolve().parents[2]


def rows_of(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def produce(kafka: Kafka, topic: str, bodies: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", linger_ms=0)
    try:
        for sent in [producer.send(topic, key=b"k", value=body) for body in bodies]:
            sent.get(timeout=20)
    finally:
        producer.close(timeout=5)


def consumed(kafka: Kafka, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=kafka.bootstrap,
        group_id=new_id("group"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        consumer_timeout_ms=20_000,
    )
    try:
        return [record.value for _, record in zip(range(count), consumer, strict=False)]
    finally:
        consumer.close()


def test_kafka_keeps_its_records_through_a_kill(kafka: Kafka) -> None:
    topic = new_id("topic")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=3, replication_factor=1)])
    admin.close()
    produce(kafka, topic, [b"before 1", b"before 2"])

    known = kafka.bootstrap
    kafka.kill()
    kafka.start()
    produce(kafka, topic, [b"after"])

    assert kafka.bootstrap == known
    assert consumed(kafka, topic, 3) == [b"before 1", b"before 2", b"after"]


def test_postgres_keeps_its_rows_through_a_kill(postgres: Postgres, postgres_url: str) -> None:
    rows_of(postgres_url, "CREATE TABLE t (n int)")
    rows_of(postgres_url, "INSERT INTO t VALUES (7)")

    postgres.kill()
    postgres.start()

    assert rows_of(postgres_url, "SELECT n FROM t") == [(7,)]


def test_postgres_comes_back_while_a_child_of_the_killed_one_still_works(
    postgres: Postgres, postgres_url: str
) -> None:
    def count_until_cut_off() -> None:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(postgres_url.replace("+psycopg", "")) as connection,
        ):
            while True:
                connection.execute("SELECT count(*) FROM generate_series(1, 5000000)")

    counting = threading.Thread(target=count_until_cut_off)
    counting.start()
    active = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query ~ '5000000'"
    while len(rows_of(postgres_url, active)) < 2:  # the other one is this question
        assert counting.is_alive()

    postgres.kill()
    postgres.start()
    counting.join(30)

    assert rows_of(postgres_url, "SELECT 1") == [(1,)]


def test_a_later_start_on_other_ports_goes_on_with_the_same_data(postgres: Postgres) -> None:
    with Postgres(postgres.folder / "own") as first:
        first.create_database("orders")
        first.create_database("orders")
        rows_of(first.url("orders"), "CREATE TABLE t AS SELECT 5 AS n")

    with Postgres(postgres.folder / "own") as second:
        assert second.port != first.port
        assert rows_of(second.url("orders"), "SELECT n FROM t") == [(5,)]
    assert is_free(second.port)


def test_a_cluster_that_is_not_durable_says_so(postgres: Postgres) -> None:
    with Postgres(postgres.folder / "forgetful", durable=False) as forgetful:
        assert rows_of(forgetful.url("postgres"), "SHOW fsync") == [("off",)]
    assert rows_of(postgres.url("postgres"), "SHOW fsync") == [("on",)]


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_does_not_outlive_the_process_that_started_it(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    script = (
        "import os, sys, threading; from pathlib import Path;"
        "from onebox.local.daemon import Daemon;"
        "start = lambda: print(Daemon(['sleep', '600'], Path(sys.argv[1])).pid, flush=True);"
        # The thread that started it ends first: that alone must end nothing.
        "t = threading.Thread(target=start); t.start(); t.join(); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "words")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
    ) as parent:
        assert parent.stdout is not None
        server = os.pidfd_open(int(parent.stdout.readline()))
        assert not select.select([server], [], [], 0.3)[0], "ended while its parent lived"

        parent.send_signal(ended_by)

        assert select.select([server], [], [], 10)[0], "it still runs"
        os.close(server)


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    daemon = Daemon(["/bin/sh", "-c", "echo no room; exit 1"], tmp_path / "words")

    with pytest.raises(DidNotStart, match="no room"):
        daemon.wait_until(lambda: False)


def test_a_missing_tool_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(java, "_java_of_the_wheel", lambda: None)
    monkeypatch.setattr(postgres, "_newest_first", lambda _: [])

    with pytest.raises(Missing, match="java is missing: install Java 17"):
        java.java()
    with pytest.raises(Missing, match="postgres is missing: install PostgreSQL"):
        postgres.binaries()


def test_an_older_java_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert java.java() != old


@pytest.mark.parametrize(("required", "outcome"), [("1", "Failed"), ("0", "Skipped")])
def test_ci_fails_where_a_developer_skips(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: str
) -> None:
    monkeypatch.setenv("REQUIRE_FULL", required)

    with pytest.raises(BaseException, match="java is missing: install it") as caught:
        conftest.cannot_run(Missing("java", "install it"))

    assert type(caught.value).__name__ == outcome


def test_free_ports_are_distinct_and_free() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert all(is_free(port) for port in ports)
