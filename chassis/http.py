"""What every answer has in common: problems (RFC 9457), pages, ETags, preferences."""

import base64
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from chassis.db import Database, has_failed
from chassis.settings import Settings
from chassis.telemetry import request_id

T = TypeVar("T")
_TITLES = {
    400: "Bad request", 401: "Not signed in", 402: "Payment required", 403: "Not allowed",
    404: "Not found", 405: "Method not allowed", 406: "Not acceptable", 409: "Conflict",
    412: "Precondition failed", 413: "Too large", 415: "Unsupported media type",
    422: "Unprocessable", 429: "Too many requests", 500: "Internal error",
    503: "Unavailable", 504: "Timed out",
}  # fmt: skip


async def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Db = Annotated[Database, Depends(_db)]
Configured = Annotated[Settings, Depends(_settings)]


class FieldError(BaseModel):
    """One thing that is wrong, where, and how to mend it."""

    pointer: str = Field(description="JSON pointer into the body, or the parameter's name")
    code: str
    message: str


class ProblemOut(BaseModel):
    """application/problem+json."""

    model_config = ConfigDict(title="Problem")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError] = []


class Problem(Exception):
    """A refusal: what is wrong, where, and how to mend it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.errors = list(errors)
        self.headers = headers or {}


class NotYetKnown(Problem):
    """The request names what this service has not heard of, yet."""

    def __init__(self, pointer: str, what: str) -> None:
        message = f"{what} is not known here (yet); check it, or try again in a moment"
        errors = [FieldError(pointer=pointer, code="not-yet-known", message=message)]
        super().__init__(409, "not-yet-known", message, errors, {"Retry-After": "1"})


def not_found(what: str) -> Problem:
    return Problem(404, "not-found", f"there is no such {what}")


def problem_response(request: Request, problem: Problem) -> JSONResponse:
    body = ProblemOut(
        type=f"urn:hansa:problem:{problem.code}",
        title=_TITLES.get(problem.status, "Error"),
        status=problem.status,
        detail=problem.detail,
        instance=request.url.path,
        request_id=request_id.get(),
        errors=problem.errors,
    )
    return JSONResponse(
        body.model_dump(),
        problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )


def answer_problems(app: FastAPI) -> None:
    """Every refusal of the service and of the framework in the one form; `Outermost` the rest."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        return problem_response(request, as_problem(error))

    for kind in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refused)


def as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        errors = [_field_error(each) for each in error.errors()]
        return Problem(422, "invalid", "; ".join(each.message for each in errors[:3]), errors)
    if isinstance(error, HTTPException):
        code = _TITLES.get(error.status_code, "error").lower().replace(" ", "-")
        return Problem(
            error.status_code, code, str(error.detail), headers=dict(error.headers or {})
        )
    if has_failed(error):
        return Problem(503, "busy", "the database is busy; try again", headers={"Retry-After": "1"})
    return Problem(500, "internal", "something failed here; the request id finds it in our log")


def _field_error(error: dict[str, Any]) -> FieldError:
    place, *path = [_pointed(step) for step in error["loc"]]
    pointer = "/" + "/".join(path) if place == "body" else ".".join(path) or place
    message = re.sub(r"^Value error, ", "", str(error["msg"]))
    return FieldError(pointer=pointer, code=str(error["type"]), message=f"{pointer}: {message}")


def _pointed(step: str | int) -> str:
    """A step of a JSON pointer; a lone surrogate in a name could not be written."""
    name = str(step).encode(errors="replace").decode()
    return name.replace("~", "~0").replace("/", "~1")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": _TITLES[status],
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503)
}


class Page(BaseModel, Generic[T]):
    """A part of a list, and where the next part begins."""

    data: list[T]
    next_cursor: str | None = Field(default=None, description="Give it as `after`; null at the end")


class PageAsked(BaseModel):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str | None, Field(max_length=200)] = None


PageQuery = Annotated[PageAsked, Query()]


def page_of(
    session: Session, rows: Select[Any], by: Any, asked: PageAsked
) -> tuple[list[Any], str | None]:
    """Mapped rows by their identifier, which rises with time: the newest first."""
    if asked.after is not None:
        rows = rows.where(by < _from_cursor(asked.after))
    found = list(session.scalars(rows.order_by(by.desc()).limit(asked.limit + 1)))
    if len(found) <= asked.limit:
        return found, None
    last = getattr(found[asked.limit - 1], by.key)
    return found[: asked.limit], base64.urlsafe_b64encode(last.encode()).decode()


def _from_cursor(cursor: str) -> str:
    try:
        place = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        place = ""
    if not place or not place.isprintable():
        message = "give back next_cursor as is"
        error = FieldError(pointer="after", code="bad-cursor", message=message)
        raise Problem(422, "invalid", message, [error])
    return place


def etag(version: int) -> str:
    return f'"{version}"'


IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200)]


def check_match(if_match: str | None, version: int) -> None:
    """412 where the caller has seen another version than the present one."""
    if if_match not in (None, "*") and etag(version) not in str(if_match).split(", "):
        raise Problem(412, "changed-meanwhile", f"the present version is {etag(version)}")


class Preference(BaseModel):
    """RFC 7240: `respond-async`, or `wait=10` seconds (30 at most)."""

    wait: float | None = None


async def _preferred(prefer: Annotated[str | None, Header(max_length=200)] = None) -> Preference:
    words = [word.strip().lower() for word in (prefer or "").split(",")]
    if "respond-async" in words:
        return Preference(wait=0.0)
    asked = [re.fullmatch(r"wait=(\d{1,4})", word) for word in words]
    seconds = [int(match[1]) for match in asked if match]
    return Preference(wait=float(min(30, seconds[0])) if seconds else None)


Prefer = Annotated[Preference, Depends(_preferred)]


async def once_heard(db: Database, within: float, attempt: Callable[[], Awaitable[T]]) -> T:
    """Tries again while what the request names may still be on its way to this service."""

    async def try_it() -> T | NotYetKnown:
        try:
            return await attempt()
        except NotYetKnown as problem:
            return problem

    answer = await db.read_until(
        "heard", within, lambda found: not isinstance(found, NotYetKnown), try_it
    )
    if isinstance(answer, NotYetKnown):
        raise answer
    return answer
