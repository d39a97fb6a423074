"""Routes of quotes and tariffs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

from chassis import jobs
from chassis.caller import Anyone, Merchant, Operator, Shopper
from chassis.http import Configured, Db, once_heard
from chassis.idempotency import Once
from chassis.operations import JobOut, job_out
from chassis.uploads import upload_of
from contracts.event import PLATFORM
from services.logistics.commands import quotes
from services.logistics.queries import coverage
from services.logistics.queries import replay as replays
from services.logistics.schemas.replay import ReplayOut
from services.logistics.schemas.tariff import (
    CommodityOut,
    CoverageList,
    NewQuote,
    QuoteOut,
    Requote,
)

router = APIRouter()
landed_cost = APIRouter(prefix="/landed-cost-quotes", tags=["landed-cost-quotes"])
tariffs = APIRouter(prefix="/tariffs", tags=["tariffs"])
FileName = Annotated[str, Query(pattern=r"^[a-z_]{1,40}\.csv$")]
imports = APIRouter(prefix="/tariff-imports", tags=["tariff-imports"])


@landed_cost.post("", status_code=201)
async def quote(
    asked: NewQuote, caller: Shopper, db: Db, settings: Configured, once: Once
) -> QuoteOut:
    """What a basket costs landed. Destination and lines of SKU and quantity are enough."""
    within = settings.heard_wait.total_seconds()
    return await once_heard(db, within, lambda: once.write(quotes.quote, caller, asked))


@landed_cost.get("/{quote_id}")
async def show_quote(quote_id: str, caller: Shopper, db: Db) -> QuoteOut:
    """As it was answered."""
    return await db.read(quotes.kept, caller.tenant, quote_id)


@landed_cost.post("/{quote_id}/requotes", status_code=201)
async def requote(
    quote_id: str, change: Requote, caller: Shopper, db: Db, settings: Configured, once: Once
) -> QuoteOut:
    """The same basket to another place, by another service, or with other claims: a new quote."""
    within = settings.heard_wait.total_seconds()
    return await once_heard(
        db, within, lambda: once.write(quotes.requote, caller, quote_id, change)
    )


@landed_cost.get("/{quote_id}/replay")
async def replay(
    quote_id: str,
    caller: Merchant,
    db: Db,
    valid_at: AwareDatetime | None = None,
    known_at: AwareDatetime | None = None,
) -> ReplayOut:
    """Calculated again from what was kept: at its own times, or by the law of others."""
    return await db.read(replays.replay, caller.tenant, quote_id, valid_at, known_at)


@tariffs.get("/coverage")
async def show_coverage(_: Anyone, db: Db) -> CoverageList:
    return await db.read(coverage.loaded)


@tariffs.get("/{jurisdiction}/commodities/{code}")
async def commodity(
    jurisdiction: Annotated[str, Path(pattern=r"^[A-Z]{2}$")],
    code: Annotated[str, Path(pattern=r"^\d{2,10}$")],
    _: Anyone,
    db: Db,
) -> CommodityOut:
    """The measures in force now for a code."""
    return await db.read(coverage.commodity, jurisdiction, code)


@imports.post(
    "",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media: {"schema": {"type": "string", "format": "binary"}}
                for media in ("application/zip", "text/csv")
            },
        }
    },
)
async def import_tariff(
    request: Request,
    _: Operator,
    db: Db,
    file: str = "measures.csv",
    kind: Literal["hansa", "ukgt", "uk"] = "hansa",
) -> JobOut:
    """Hansa CSV: a zip of files, or one file whose name is given by `file`. Or an official table:
    `ukgt` is the UK's and the Union's base duties of December 2020, `uk` a zip of commodities as
    the UK's tariff API answers them.
    """
    given = {**await upload_of(request, file), "kind": kind}
    job_id = await db.write(jobs.start, "tariff import", PLATFORM, given)
    return job_out(await db.read(jobs.job_of, PLATFORM, job_id))


for each in (landed_cost, tariffs, imports):
    router.include_router(each)
