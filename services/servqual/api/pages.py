"""Pages of servqual: HTML by the same commands and queries as the routes beside them."""

import re
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from chassis.caller import Anyone
from chassis.db import Database
from chassis.http import Db, Problem
from chassis.inbound import body_of
from services.servqual import pages
from services.servqual.api.providers import Named
from services.servqual.commands import surveys as commands
from services.servqual.domain.instrument import Fault, form_of
from services.servqual.queries import ratings
from services.servqual.queries import surveys as queries
from services.servqual.schemas.surveys import NewResponse

FORM_LIMIT = 32 << 10
_HTML: dict[str, Any] = {
    "content": {
        "text/html": {"schema": {"type": "string"}},
        "application/problem+json": {"schema": {"type": "object"}},
    }
}
_SURVEY: dict[int | str, dict[str, Any]] = {
    status: {"description": what, **_HTML}
    for status, what in ((404, "No such survey"), (410, "It is closed"), (422, "A fault"))
}
router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)
Token = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Lang = Annotated[str | None, Query(pattern=r"^[a-z]{2}$")]
AcceptLanguage = Annotated[str, Header(max_length=200)]
_FIELD = re.compile(
    r"language|satisfaction|(perception|expectation|importance)\.[A-Z]{3}\d{0,2}"
    r"|zone\.[A-Z]{3}\.(minimum|desired)"
)


@router.get("/surveys/{token}", responses=_SURVEY)
async def survey(
    token: Token, _: Anyone, db: Db, lang: Lang = None, accept_language: AcceptLanguage = ""
) -> HTMLResponse:
    """The survey by its one-time link: no script, in en, de or zh."""
    language = pages.language_of(lang, accept_language)
    try:
        opened = await _opened(db, token)
    except Problem as problem:
        return _page(pages.message_page("gone", language), problem.status)
    return _page(pages.survey_page(opened, language))


@router.post("/surveys/{token}", responses=_SURVEY)
async def answer_survey(
    token: Token, request: Request, _: Anyone, db: Db, accept_language: AcceptLanguage = ""
) -> HTMLResponse:
    """What the page's form sends. Faults come back beside their places, with what was chosen."""
    given = _fields(await body_of(request, FORM_LIMIT))
    language = pages.language_of(given.pop("language", None), accept_language)
    try:
        opened = await _opened(db, token)
        faults = await _answered(db, token, given, language)
    except Problem as problem:
        return _page(pages.message_page("gone", language), problem.status)
    if not faults:
        return _page(pages.message_page("thanks", language))
    again = replace(opened, given=given, faults=faults)
    return _page(pages.survey_page(again, language), 422)


async def _opened(db: Database, token: str) -> pages.Survey:
    row = await db.write(commands.open_survey, token)
    provider = await db.read(queries.title_of, row.provider_id)
    form = form_of(row.form, row.rotation)  # type: ignore[arg-type]  # stored from a Form
    return pages.Survey(provider, row.shipment_id, form)


async def _answered(db: Database, token: str, given: dict[str, str], language: str) -> list[Fault]:
    """Empty once the answers are in."""
    told = {"token": token, "answers": _answers(given), "language": language}
    try:
        await db.write(commands.answer, NewResponse.model_validate(told))
    except ValidationError as wrong:
        return [_fault("/".join(map(str, each["loc"])), "off-scale") for each in wrong.errors()]
    except Problem as problem:
        if problem.status != 422:
            raise
        return [_fault(each.pointer.strip("/"), each.code) for each in problem.errors]
    return []


def _fault(place: str, code: str) -> Fault:
    """Where the page shows it: points are told once for all five, a zone beside its dimension."""
    part, *names = place.removeprefix("answers/").split("/")
    shown = {"importance": [], "zone": names[:1]}.get(part, names)
    return Fault("/".join(["", part, *shown]), code, "")


@router.get("/scorecards/{provider_id}/page")
async def scorecard(
    provider_id: Named, _: Anyone, db: Db, lang: Lang = None, accept_language: AcceptLanguage = ""
) -> HTMLResponse:
    card = await db.read(ratings.scorecard, provider_id, None, None)
    return _page(pages.scorecard_page(card, pages.language_of(lang, accept_language)))


def _page(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status, headers=pages.HEADERS)


def _fields(body: bytes) -> dict[str, str]:
    try:
        sent = parse_qsl(body.decode(), max_num_fields=200)
    except ValueError as error:
        raise Problem(422, "unreadable", f"this is no form that can be read: {error}") from None
    return {name: text.strip() for name, text in sent if _FIELD.fullmatch(name) and text.strip()}


def _answers(given: dict[str, str]) -> dict[str, Any]:
    """`perception.REL1=6`, `zone.REL.minimum=3`: nested as AnswersIn is."""
    found: dict[str, Any] = {}
    for field, text in given.items():
        *path, last = field.split(".")
        place = found
        for step in path:
            place = place.setdefault(step, {})
        place[last] = int(text) if text.isdecimal() and len(text) <= 3 else text
    return found
