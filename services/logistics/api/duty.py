"""Routes of the look-up, and its page: for people who only want an answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from chassis.caller import Anyone, Shopper
from chassis.http import Db, Problem
from services.logistics import pages
from services.logistics.commands import quotes
from services.logistics.queries import duty as queries
from services.logistics.schemas.duty import DutyAsked, DutyOut, FoundCommodities

router = APIRouter()
tariffs = APIRouter(prefix="/tariffs", tags=["tariffs"])
_HTML: dict[str, Any] = {
    "content": {
        "text/html": {"schema": {"type": "string"}},
        "application/problem+json": {"schema": {"type": "object"}},
    }
}
Jurisdiction = Annotated[str, Path(pattern=r"^[A-Z]{2}$")]
Words = Annotated[str, Query(min_length=2, max_length=100, pattern=r"^[^\x00]*$")]


@tariffs.get("/duty")
async def duty(asked: Annotated[DutyAsked, Query()], _: Anyone, db: Db) -> DutyOut:
    """One line in, the whole ledger out: each charge with its base, rate and legal source."""
    return await db.read(queries.duty, asked)


@tariffs.get("/{jurisdiction}/commodities")
async def find(jurisdiction: Jurisdiction, q: Words, _: Anyone, db: Db) -> FoundCommodities:
    """Lines whose code begins so, or that hold all the words; at most 50."""
    return await db.read(queries.find, jurisdiction, q)


@tariffs.get("", response_class=HTMLResponse, responses={422: _HTML, 503: _HTML})
async def look_up(request: Request, _: Anyone, db: Db) -> HTMLResponse:
    """A page: a product, two countries and a value in, the answer with its sources out."""
    given = {name: text for name, text in request.query_params.items() if text.strip()}
    if not given:
        return _page(pages.duty_page({}, None, {}))
    try:
        answer = await db.read(queries.duty, DutyAsked.model_validate(given))
    except ValidationError as wrong:
        faults = {str(each["loc"][0]): pages.plain(each["msg"]) for each in wrong.errors()}
        return _page(pages.duty_page(given, None, faults), 422)
    except Problem as problem:
        faults = {each.pointer: each.message for each in problem.errors} or {"": problem.detail}
        return _page(pages.duty_page(given, None, faults), problem.status)
    return _page(pages.duty_page(given, answer, {}))


@router.get("/landed-cost-quotes/{quote_id}/explain", response_class=HTMLResponse)
async def explain(quote_id: str, caller: Shopper, db: Db) -> HTMLResponse:
    """A quote as a merchant can show it to a buyer or a broker; prints on A4."""
    return _page(pages.quote_page(await db.read(quotes.kept, caller.tenant, quote_id)))


def _page(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status, headers=pages.HEADERS)


router.include_router(tariffs)
