"""Work that no request waits for: schedules (commands run by the clock) and computations.

A computation has three parts: its input is stored; a pure function computes in a child process that
opens no database; the result is recorded by commands and accepted by one last row. Killed in
between, another replica takes the lease and computes again.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Column, Float, String, Table, Text, insert, select, update
from sqlalchemy.orm import Session

from chassis.db import Busy, Database, Instant, has_failed, insert_new, now, tables, touch
from chassis.telemetry import JOBS, current_trace, follow_trace
from contracts.values import new_id

LEASE = timedelta(seconds=20)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """A command run every so often; of several replicas one runs it."""

    name: str
    every: timedelta
    command: Callable[[Session, datetime], None]


@dataclass(frozen=True)
class Computation:
    """`compute` names a pure function `module:name(input, progress) -> JSON` for the child.

    `record(session, job, result)` writes the answer and returns the report that the job shows.
    """

    kind: str
    compute: str
    record: Callable[[Session, Any, Any], dict[str, Any]]


Jobs = Sequence[Schedule | Computation]

schedules = Table(
    "schedule",
    tables,
    Column("name", String(60), primary_key=True),
    Column("due_at", Instant, nullable=False),
)
jobs = Table(
    "job",
    tables,
    Column("id", String(40), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("tenant", String(64), nullable=False, index=True),
    Column("status", String(12), nullable=False),  # queued, running, done, failed, cancelled
    Column("progress", Float, nullable=False),
    Column("input", Text, nullable=False),
    Column("result", Text),
    Column("problem", Text),
    Column("created_at", Instant, nullable=False),
    Column("lease_until", Instant, index=True),  # null once ended
    Column("traceparent", String(60), nullable=False),
)


def start(session: Session, kind: str, tenant: str, given: dict[str, Any]) -> str:
    """Queues a computation; its id is the job's."""
    job_id = new_id("job")
    session.execute(
        insert(jobs).values(
            id=job_id, kind=kind, tenant=tenant, status="queued", progress=0.0,
            input=json.dumps(given), created_at=now(), lease_until=now(),
            traceparent=current_trace(),
        )
    )  # fmt: skip
    touch(session, "jobs")
    return job_id


def cancel(session: Session, job_id: str) -> None:
    """Ended jobs stay as they ended."""
    session.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.lease_until.is_not(None))
        .values(status="cancelled", lease_until=None)
    )
    touch(session, job_id)


def job_of(session: Session, tenant: str, job_id: str) -> Any:
    found = select(jobs).where(jobs.c.id == job_id, jobs.c.tenant == tenant)
    return session.execute(found).first()


class JobRunner:
    """Runs what is due, one computation at a time."""

    def __init__(self, service: str, db: Database, todo: Jobs) -> None:
        self._service = service
        self._db = db
        self._schedules = [job for job in todo if isinstance(job, Schedule)]
        self._computations = {job.kind: job for job in todo if isinstance(job, Computation)}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for schedule in self._schedules:
                tasks.create_task(self._forever(partial(self._run_schedule, schedule)))
            if self._computations:
                tasks.create_task(self._forever(self._run_computation))

    async def _forever(self, step: Callable[[], Any]) -> None:
        while True:
            try:
                await step()
            except Busy:
                await asyncio.sleep(0.2)
            except Exception:
                _logger.exception("jobs of %s go on after an error", self._service)
                await asyncio.sleep(1.0)

    async def _run_schedule(self, schedule: Schedule) -> None:
        await self._db.write(_run_if_due, schedule, now())
        await asyncio.sleep(min(1.0, schedule.every.total_seconds()))

    async def _run_computation(self) -> None:
        async def claim() -> Any:
            return await self._db.write(_claim)

        job = await self._db.read_until("jobs", 2.0, bool, claim)
        if job is not None:
            follow_trace(job.traceparent)
            await self._compute(job, self._computations[job.kind])

    async def _compute(self, job: Any, computation: Computation) -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chassis.child", computation.compute,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=256 << 20,
        )  # fmt: skip
        try:
            outcome = await self._follow(child, job)
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
        if outcome is None:
            return  # cancelled, or the lease went to another replica
        problem = outcome.get("problem") or await self._recorded(job, computation, outcome)
        if problem:
            await self._db.write(_fail, job.id, problem)
        JOBS.labels(self._service, job.kind, "failed" if problem else "done").inc()

    async def _recorded(self, job: Any, computation: Computation, outcome: Any) -> str:
        """Empty, or what is wrong with the result; a database that fails is tried again."""
        try:
            await self._db.write(_finish, job, computation, outcome["result"])
        except Exception as error:
            if has_failed(error):
                raise
            _logger.exception("the result of %s could not be recorded", job.id)
            return f"{type(error).__name__}: {error}"
        return ""

    async def _follow(self, child: asyncio.subprocess.Process, job: Any) -> Any:
        """Feeds the child its input; keeps progress and lease while it computes."""
        assert child.stdin is not None  # noqa: S101 - asked for above
        assert child.stdout is not None  # noqa: S101
        with suppress(ConnectionError):  # a child that has died already is found out below
            child.stdin.write(job.input.encode() + b"\n")
            await child.stdin.drain()
        child.stdin.close()
        while True:
            try:
                line = await asyncio.wait_for(child.stdout.readline(), LEASE.total_seconds() / 4)
            except TimeoutError:
                line = b'{"progress": null}'
            if not line:
                return {"problem": f"the computation ended with status {await child.wait()}"}
            said = json.loads(line)
            if "progress" not in said:
                return said
            if not await self._db.write(_keep, job.id, said["progress"]):
                return None


def _run_if_due(session: Session, schedule: Schedule, at: datetime) -> None:
    insert_new(session, schedules, name=schedule.name, due_at=at)
    claimed = session.execute(
        update(schedules)
        .where(schedules.c.name == schedule.name, schedules.c.due_at <= at)
        .values(due_at=at + schedule.every)
    )
    if claimed.rowcount:  # type: ignore[attr-defined]
        schedule.command(session, at)


def _claim(session: Session) -> Any:
    job = session.execute(
        select(jobs)
        .where(jobs.c.lease_until <= now())
        .order_by(jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if job is not None:
        session.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(status="running", lease_until=now() + LEASE)
        )
    return job


def _keep(session: Session, job_id: str, progress: float | None) -> bool:
    """False where the job was cancelled meanwhile."""
    values: dict[str, Any] = {"lease_until": now() + LEASE}
    if progress is not None:
        values["progress"] = progress
    kept = session.execute(
        update(jobs).where(jobs.c.id == job_id, jobs.c.status == "running").values(values)
    )
    touch(session, job_id)
    return bool(kept.rowcount)  # type: ignore[attr-defined]


def _finish(session: Session, job: Any, computation: Computation, result: Any) -> None:
    if _keep(session, job.id, 1.0):
        report = computation.record(session, job, result)
        session.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(status="done", lease_until=None, result=json.dumps(report))
        )


def _fail(session: Session, job_id: str, problem: str) -> None:
    session.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.status == "running")
        .values(status="failed", lease_until=None, problem=problem)
    )
    touch(session, job_id)
