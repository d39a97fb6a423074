"""The stored answer: a POST repeated with its `Idempotency-Key` is answered, not done, again."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar, get_type_hints

from fastapi import Depends, Header, Request, Response
from pydantic import TypeAdapter
from sqlalchemy import Column, Integer, String, Table, Text, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chassis.caller import Anyone
from chassis.db import Database, Instant, insert_new, now, on_postgres, tables
from chassis.http import FieldError, Problem

P = ParamSpec("P")
T = TypeVar("T")
LOCK_TIMEOUT_MS = 5_000  # so long the second of two equal requests waits for the first
LOCK_NOT_AVAILABLE = "55P03"
_NOT_STORED = {401, 429}  # and 5xx: the same request may succeed later
_PASSING = {"not-yet-known"}

answers = Table(
    "idempotency",
    tables,
    Column("scope", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("stored_at", Instant, nullable=False, index=True),
)


@dataclass
class Idempotent:
    """Runs a command at most once per key. Scoped by tenant and credential, kept 24 h."""

    db: Database
    scope: str | None
    request_hash: str
    response: Response

    async def write(
        self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What the command answers, or answered. A stored refusal is raised again."""
        if self.scope is None:
            return await self.db.write(fn, *args, **kwargs)
        shape = _shape(fn)
        command = lambda session: fn(session, *args, **kwargs)  # noqa: E731
        try:
            replayed, answer = await self.db.write(self._once, command, shape)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
            detail = "the first request with this Idempotency-Key is still running"
            raise Problem(409, "in-progress", detail, headers={"Retry-After": "1"}) from error
        if replayed:
            self.response.headers["Idempotent-Replayed"] = "true"
        if isinstance(answer, Problem):
            if replayed:
                answer.headers = answer.headers | {"Idempotent-Replayed": "true"}
            raise answer
        return answer  # type: ignore[no-any-return]

    def _once(
        self, session: Session, command: Callable[[Session], Any], shape: TypeAdapter[Any]
    ) -> tuple[bool, Any]:
        """The key's row first, the command in a savepoint inside: a refusal undoes only that."""
        if (stored := self._claim(session)) is not None:
            return True, self._stored(stored, shape)
        try:
            with session.begin_nested():
                answer = command(session)
        except Problem as problem:
            if problem.status >= 500 or problem.status in _NOT_STORED or problem.code in _PASSING:
                raise
            self._keep(session, problem.status, json.dumps(_fields(problem)))
            return False, problem
        self._keep(session, 200, shape.dump_json(answer).decode())
        return False, answer

    def _claim(self, session: Session) -> Any:
        """The row of an earlier request; none if this one is the first."""
        if on_postgres(session):
            session.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
        is_first = insert_new(
            session, answers, scope=self.scope, request_hash=self.request_hash, status=0,
            answer="", stored_at=now(),
        )  # fmt: skip
        if is_first:
            return None
        return session.execute(select(answers).where(answers.c.scope == self.scope)).one()

    def _stored(self, row: Any, shape: TypeAdapter[Any]) -> Any:
        if row.request_hash != self.request_hash:
            message = "this Idempotency-Key was used for another request; take a new one"
            error = FieldError(pointer="Idempotency-Key", code="key-reused", message=message)
            raise Problem(422, "key-reused", message, [error])
        if row.status == 200:
            return shape.validate_json(row.answer)
        kept = json.loads(row.answer)
        errors = [FieldError(**error) for error in kept["errors"]]
        return Problem(row.status, kept["code"], kept["detail"], errors)

    def _keep(self, session: Session, status: int, answer: str) -> None:
        session.execute(
            update(answers)
            .where(answers.c.scope == self.scope)
            .values(status=status, answer=answer)
        )


def _fields(problem: Problem) -> dict[str, Any]:
    errors = [error.model_dump() for error in problem.errors]
    return {"code": problem.code, "detail": problem.detail, "errors": errors}


@lru_cache(maxsize=256)
def _shape(fn: Callable[..., Any]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(fn)["return"])


async def _idempotent(
    request: Request,
    response: Response,
    caller: Anyone,
    key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)
    ] = None,
) -> Idempotent:
    if key is None:
        return Idempotent(request.app.state.db, None, "", response)
    where = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    said = hashlib.sha256(where + await request.body()).hexdigest()
    scope = "\0".join([",".join(caller.tenants[:1]), caller.credential, key])
    return Idempotent(
        request.app.state.db, hashlib.sha256(scope.encode()).hexdigest(), said, response
    )


Once = Annotated[Idempotent, Depends(_idempotent)]


def prune_answers(session: Session, older_than: Any) -> None:
    session.execute(delete(answers).where(answers.c.stored_at < older_than))
