"""Outbox to log to handler: events per second at batches of 500, and how long one event takes."""

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY
from sqlalchemy.orm import Session

from benchmarks.measure import tell
from chassis.db import Database
from chassis.embedded import EmbeddedLog
from chassis.kafka import KafkaLog
from chassis.log import Log
from chassis.relay import Relay
from onebox.local.daemon import Missing
from onebox.local.kafka import Kafka
from tests.chassis.world import Running, count, database, eventually, say

EVENTS, ALONE = 20_000, 200
KEEP = timedelta(days=1)


def relayed(db: Database, log: Log) -> float:
    """Events moved per second, the outbox being full."""
    for start in range(0, EVENTS, 500):
        db.submit(_say_many, start).result()
    relay = Relay("bench", db, log)
    began = time.perf_counter()
    relay.start()
    eventually(lambda: _moved() >= EVENTS, 120)
    took = time.perf_counter() - began
    relay.stop()
    return EVENTS / took


def _say_many(session: Session, start: int) -> None:
    for number in range(start, start + 500):
        say(session, f"s{number % 50}", number)


def _moved() -> float:
    return REGISTRY.get_sample_value("hansa_relayed_events_total", {"service": "bench"}) or 0


def one_by_one(db: Database, log: Log) -> tuple[float, float]:
    """p50 and p99 in milliseconds from the commit to the handler's commit."""
    took = []
    with Running(db, log, "lone"):
        for number in range(ALONE):
            db.submit(say, "one", number).result()
            began = time.perf_counter()
            while db.look(count).result() <= number:
                time.sleep(0.0002)
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def main() -> None:
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as name:
        folder = Path(name)
        bulk = database(f"sqlite:///{folder}/bulk.db", folder)
        log = EmbeddedLog(f"sqlite:///{folder}/bulk-log.db", 12, KEEP)
        figures["embedded relay events/s (goal 20,000)"] = relayed(bulk, log)
        bulk.close()
        log.close()
        lone = database(f"sqlite:///{folder}/lone.db", folder)
        log = EmbeddedLog(f"sqlite:///{folder}/lone-log.db", 12, KEEP)
        p50, p99 = one_by_one(lone, log)
        figures["embedded commit to handler p50 ms (goal 5)"] = p50
        figures["embedded commit to handler p99 ms"] = p99
        lone.close()
        log.close()
        try:
            with Kafka(folder / "kafka") as kafka:
                far = database(f"sqlite:///{folder}/far.db", folder)
                stream = KafkaLog(kafka.url, 12, KEEP)
                p50, p99 = one_by_one(far, stream)
                figures["Kafka commit to handler p50 ms (goal 15)"] = p50
                figures["Kafka commit to handler p99 ms"] = p99
                far.close()
                stream.close()
        except Missing as why:
            figures["Kafka"] = str(why)
    tell("events", figures)


if __name__ == "__main__":
    main()
