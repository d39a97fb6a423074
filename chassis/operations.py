"""What every service offers its operators and the owners of its jobs."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from chassis import consume, jobs
from chassis.caller import Caller, Operator, only
from chassis.http import Db, Problem, not_found
from chassis.outbox import resay
from contracts.event import PLATFORM


class JobOut(BaseModel):
    id: str
    kind: str
    status: str
    progress: float
    result: dict[str, Any] | None = None
    problem: str | None = None


class ParkedOut(BaseModel):
    """A record set aside; `error` is empty for one that waits behind an earlier one of its key."""

    id: str
    type: str
    key: str
    tenant: str
    error: str
    parked_at: str


class ParkedList(BaseModel):
    data: list[ParkedOut]


class Replayed(BaseModel):
    replayed: int
    failed: dict[str, str]


class Resaid(BaseModel):
    said: int


class Dropped(BaseModel):
    dropped: str
    reason: str


router = APIRouter()
Owner = Annotated[Caller, Depends(only("merchant", "operator"))]


def _tenant(caller: Caller) -> str:
    """An operator's jobs belong to no merchant."""
    return PLATFORM if caller.kind == "operator" else caller.tenant


@router.get("/jobs/{job_id}", name="job")
async def show_job(job_id: str, caller: Owner, db: Db) -> JobOut:
    return job_out(await db.read(jobs.job_of, _tenant(caller), job_id))


@router.delete("/jobs/{job_id}", name="cancel_job")
async def cancel_job(job_id: str, caller: Owner, db: Db) -> JobOut:
    """A job that has ended stays as it ended."""
    job_out(await db.read(jobs.job_of, _tenant(caller), job_id))
    await db.write(jobs.cancel, job_id)
    return job_out(await db.read(jobs.job_of, _tenant(caller), job_id))


@router.get("/parked", name="parked")
async def show_parked(_: Operator, db: Db) -> ParkedList:
    return ParkedList(data=[_parked_out(row) for row in await db.read(consume.parked_rows)])


@router.post("/parked/replay", name="replay")
async def replay(request: Request, _: Operator, db: Db) -> Replayed:
    """Runs parked records again, per key in order; a key that fails again stays parked."""
    service = request.app.state.service
    done, failed = await asyncio.to_thread(consume.replay_all, db, service.name, service.handlers)
    return Replayed(replayed=done, failed=failed)


@router.delete("/parked/{parked_id}", name="drop_parked")
async def drop(
    parked_id: str, _: Operator, db: Db, reason: Annotated[str, Query(min_length=3)]
) -> Dropped:
    if not await db.write(consume.drop, parked_id):
        raise not_found("parked record")
    return Dropped(dropped=parked_id, reason=reason)


@router.post("/resay", name="resay")
async def say_again(request: Request, _: Operator, db: Db) -> Resaid:
    """Says every state of this service again, from its tables."""
    states = request.app.state.service.states
    if states is None:
        raise Problem(409, "no-states", f"{request.app.state.service.name} has no states to say")
    return Resaid(said=await db.write(resay, states))


def job_out(row: Any) -> JobOut:
    if row is None:
        raise not_found("job")
    return JobOut(
        id=row.id,
        kind=row.kind,
        status=row.status,
        progress=row.progress,
        result=json.loads(row.result) if row.result else None,
        problem=row.problem,
    )


def _parked_out(row: Any) -> ParkedOut:
    return ParkedOut(
        id=row.id,
        type=row.type,
        key=row.key,
        tenant=row.tenant,
        error=row.error,
        parked_at=row.parked_at.isoformat(),
    )
