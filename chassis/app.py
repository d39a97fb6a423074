"""A service is a name, a router, handlers, jobs, outgoing calls and its own tables."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import MetaData, text
from sqlalchemy.orm import Session

from chassis import operations
from chassis.calls import Calls, CallWorker
from chassis.consume import Handlers, prune_inbox
from chassis.consumer import Consumer
from chassis.db import Database
from chassis.http import PROBLEMS, Db, Problem, ProblemOut, answer_problems
from chassis.idempotency import prune_answers
from chassis.inbound import InboundWorker, Processes
from chassis.jobs import JobRunner, Jobs, Schedule
from chassis.log import Log, open_log
from chassis.middleware import Outermost
from chassis.outbox import States
from chassis.relay import Relay
from chassis.settings import Settings


@dataclass(frozen=True, eq=False)
class Service:
    """All that distinguishes one service from another.

    `states` yields every present state, for `resay`.
    """

    name: str
    router: APIRouter
    metadata: MetaData
    handlers: Handlers = field(default_factory=dict)
    jobs: Jobs = ()
    calls: Calls = field(default_factory=dict)
    inbound: Processes = field(default_factory=dict)
    states: States | None = None


class Workers:
    """What runs beside the requests: relay, consumer, calls, webhooks, jobs."""

    def __init__(self, service: Service, settings: Settings, db: Database, log: Log) -> None:
        jobs = [*service.jobs, *_housekeeping(settings)]
        self._relay = Relay(service.name, db, log)
        self._consumer = Consumer(service.name, db, log, service.handlers)
        self._loops = (
            CallWorker(service.name, db, service.calls).run,
            InboundWorker(service.name, db, settings, service.inbound).run,
            JobRunner(service.name, db, jobs).run,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        self._relay.start()
        self._consumer.start()
        self._tasks = [asyncio.create_task(loop()) for loop in self._loops]

    async def __aexit__(self, *_: object) -> None:
        """Requests are answered by now: what they said leaves with the relay's last batch."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._consumer.stop)
        await asyncio.to_thread(self._relay.stop)


def create_app(service: Service, settings: Settings, log: Log | None = None) -> FastAPI:
    """The service as an ASGI app. A log is given where several services share one process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with ExitStack() as opened:
            app.state.db = Database(settings.database_for(service.name), settings)
            opened.callback(app.state.db.close)
            app.state.log = log or open_log(
                settings.log_url, settings.log_partitions, settings.fact_retention
            )
            if log is None:
                opened.callback(app.state.log.close)
            async with Workers(service, settings, app.state.db, app.state.log):
                yield

    app = FastAPI(
        title=f"Hansa {service.name}",
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        openapi_url=f"/v1/{service.name}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEMS,
    )
    app.state.settings = settings
    app.state.service = service
    app.include_router(service.router, prefix="/v1")
    app.include_router(operations.router, prefix=f"/v1/{service.name}", tags=[service.name])
    app.include_router(_health)
    answer_problems(app)
    _document(app)
    app.add_middleware(Outermost, service=service.name)
    return app


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0] if route.tags else 'service'}_{route.name}"


def _document(app: FastAPI) -> None:
    """One Problem in every document, and what the framework says of 422 replaced by it."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = original()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs", {})
            schemas["Problem"] = problem
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
        return app.openapi_schema or original()

    app.openapi = openapi  # type: ignore[method-assign]


_health = APIRouter(include_in_schema=False)


@_health.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "alive"}


@_health.get("/readyz")
async def ready(request: Request, db: Db) -> Mapping[str, str]:
    """Database, migrations and log answer; else 503 that names what does not."""
    try:
        await db.read(_migrated)
    except Exception as error:
        raise Problem(503, "not-ready", f"database: {error}") from error
    if not await asyncio.to_thread(request.app.state.log.ready):
        raise Problem(503, "not-ready", "the log does not answer")
    return {"status": "ready", "service": request.app.state.service.name}


@_health.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _migrated(session: Session) -> None:
    session.execute(text("SELECT version_num FROM alembic_version")).first()


def _housekeeping(settings: Settings) -> list[Schedule]:
    return [
        Schedule(
            "prune inbox",
            timedelta(hours=1),
            lambda session, at: prune_inbox(session, at - settings.fact_retention),
        ),
        Schedule(
            "prune answers",
            timedelta(hours=1),
            lambda session, at: prune_answers(session, at - timedelta(hours=24)),
        ),
    ]
