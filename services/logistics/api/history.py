"""Routes of the time before Hansa."""

from typing import Any

from fastapi import APIRouter, Request

from chassis import jobs
from chassis.caller import Merchant
from chassis.http import Db
from chassis.operations import JobOut, job_out
from chassis.uploads import upload_of

router = APIRouter(prefix="/shipment-imports", tags=["shipment-imports"])
_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("", status_code=202, openapi_extra=_CSV)
async def import_shipments(request: Request, caller: Merchant, db: Db) -> JobOut:
    """How providers carried before Hansa: each row is said as a concluded shipment."""
    given = await upload_of(request, "shipments.csv")
    job_id = await db.write(jobs.start, "shipment import", caller.tenant, given)
    return job_out(await db.read(jobs.job_of, caller.tenant, job_id))
