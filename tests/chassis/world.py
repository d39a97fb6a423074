"""Databases and logs of both kinds, and waiting for what must come."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.consumer import Consumer
from chassis.db import Database
from chassis.log import Log
from chassis.migrate import migrate
from chassis.outbox import publish
from chassis.relay import Relay
from tests.chassis.toy.app import SERVICE, Kept, Put
from tests.running import settings_in


def database(url: str, folder: Path) -> Database:
    migrate("tests.chassis.toy", url)
    return Database(url, settings_in(folder))


def eventually(look: Callable[[], Any], within_s: float = 30.0) -> Any:
    """What `look` gives, once it is true."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"{look} stayed {found!r}"
        time.sleep(0.01)
    return found


def say(session: Session, series: str, *numbers: int) -> None:
    publish(session, *(Put(tenant="mer_1", series=series, number=number) for number in numbers))


def kept(session: Session) -> list[int]:
    return list(session.scalars(select(Kept.number).order_by(Kept.place)))


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Kept)) or 0


class Running:
    """Relay and consumer of the toy over any database and log."""

    def __init__(self, db: Database, log: Log, name: str = "toy") -> None:
        self.relay = Relay(name, db, log)
        self.consumer = Consumer(name, db, log, SERVICE.handlers)

    def __enter__(self) -> "Running":
        self.relay.start()
        self.consumer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.consumer.stop()
        self.relay.stop()
