"""A service under test: real SQLite, real migrations, real chassis; only the log is looked into."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from chassis import calls, consume
from chassis.app import Service, create_app
from chassis.caller import HEADER, Caller, mint
from chassis.consume import event_of
from chassis.db import Database, now
from chassis.log import Delivery, Record
from chassis.migrate import migrate
from chassis.outbox import outbox, record_of
from chassis.settings import Settings
from contracts.event import Event
from contracts.values import new_id

KEYS = (b"0123456789abcdef0123456789abcdef",)
MERCHANT = "mer_" + "1" * 32
OTHER_MERCHANT = "mer_" + "2" * 32


def settings_in(folder: Path, **changed: Any) -> Settings:
    known: dict[str, Any] = {
        "database_url": f"sqlite:///{folder}/{{service}}.db",
        "log_url": f"sqlite:///{folder}/log.db",
        "identity_keys": KEYS,
        "master_keys": KEYS,
        "consignee_keys": KEYS,
        "key_pepper": KEYS[0],
    }
    return Settings(**(known | changed))


def caller(kind: str = "merchant", tenant: str = MERCHANT, subject: str = "") -> Caller:
    tenants = () if kind in ("anonymous", "operator") else (tenant,)
    return Caller(kind, subject or tenant, tenants, (), f"cred-{kind}-{tenant[-1]}")


def signed_in(kind: str = "merchant", tenant: str = MERCHANT, subject: str = "") -> dict[str, str]:
    """Headers of a request as the gateway would pass it on."""
    return {HEADER: mint(caller(kind, tenant, subject), KEYS)}


class RunningService:
    """Commands, handlers and events of one service, without its workers: nothing runs by itself."""

    def __init__(self, service: Service, folder: Path, **changed: Any) -> None:
        self.service = service
        self.settings = settings_in(folder, **changed)
        shutil.copy(_migrated(service), folder / f"{service.name}.db")
        self.db = Database(self.settings.database_for(service.name), self.settings)
        self._offset = 0

    def does(self, command: Callable[..., Any], *args: Any) -> Any:
        """Runs a command in its transaction; raises what it raises."""
        return self.db.submit(command, *args).result()

    def reads(self, query: Callable[..., Any], *args: Any) -> Any:
        return self.db.look(query, *args).result()

    def hears(self, *events: Event) -> list[Event]:
        """Delivers events in this order (the same object twice is one event sent twice).

        Returns what the service said.
        """
        ids = {id(event): new_id("evt") for event in events}
        for event in events:
            self._offset += 1
            record = Record(
                event_id=ids[id(event)],
                type=event.name,
                topic=event.topic(),
                key=event.key_value(),
                tenant=event.tenant,
                sequence=event.sequence,
                time=now(),
                traceparent="",
                body=event.body(),
            )
            delivery = Delivery(record, 0, self._offset)
            self.does(consume.handle, self.service.name, self.service.handlers, [delivery])
        return self.said()

    def said(self) -> list[Event]:
        """What was said since the last look, in order."""
        return [event_of(record, _kinds()) for record in self.does(_take_outbox)]

    def makes_calls(self, due_within: timedelta = timedelta(seconds=10)) -> list[str]:
        """Performs what is due, as the worker would, until nothing is. The kinds, in order."""
        made: list[str] = []
        while rows := self.does(_due_calls, due_within):
            for row in rows:
                made.append(row.kind)
                kind, request = self.service.calls[row.kind], json.loads(row.request)
                answer = asyncio.run(_performed(kind.perform, request, row.key))
                self.does(calls._record, kind.record, row.id, request, answer)
        return made

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def client(self) -> Iterator[TestClient]:
        """The service's own app with all its workers, on the same database."""
        with TestClient(create_app(self.service, self.settings)) as client:
            yield client


async def _performed(perform: calls.Perform, request: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        return await perform(request, key)
    except Exception:  # tried again with the same key, as the worker would
        return await perform(request, key)


def _due_calls(session: Session, within: timedelta) -> list[Any]:
    due = calls.outgoing_calls.c.due_at <= now() + within
    found = select(calls.outgoing_calls).where(due).order_by(calls.outgoing_calls.c.id)
    return list(session.execute(found))


def _take_outbox(session: Session) -> list[Record]:
    rows = session.execute(select(outbox).order_by(outbox.c.id)).all()
    session.execute(delete(outbox))
    return [record_of(row) for row in rows]


@cache
def _migrated(service: Service) -> Path:
    folder = Path(mkdtemp(prefix="hansa-test-"))
    package = "gateway" if service.name == "gateway" else f"services.{service.name}"
    migrate(package, f"sqlite:///{folder}/{service.name}.db")
    return folder / f"{service.name}.db"


def _kinds() -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    waiting = list(Event.__subclasses__())
    while waiting:
        event = waiting.pop()
        waiting += event.__subclasses__()
        found[event.name] = event
    return found


def finished(client: TestClient, where: str, headers: dict[str, str]) -> dict[str, Any]:
    """The job at `where`, once it has ended."""
    deadline = time.monotonic() + 60
    while True:
        job: dict[str, Any] = client.get(where, headers=headers).json()
        if job["status"] not in ("queued", "running"):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
