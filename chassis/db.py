"""Plain functions of a Session, run in one transaction by the database's own threads.

`write(fn, *args)` runs `fn(session, *args)` and resolves after the commit; `read` cannot write.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import MetaData, String, Table, TypeDecorator, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from chassis.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
Command = Callable[Concatenate[Session, P], T]

tables = MetaData()  # the chassis's own tables, in every service's database


class Busy(Exception):
    """Somebody else holds the database: answered 503 with Retry-After, tried again by workers."""


class CommandFailed(RuntimeError):
    """A command raised what no future can carry (StopIteration, KeyboardInterrupt, SystemExit)."""


def has_failed(error: BaseException) -> bool:
    """The database failed, not the command: the same command may succeed later."""
    if not isinstance(error, OperationalError | InterfaceError):
        return isinstance(error, Busy)
    return getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR"  # wrong SQL stays wrong


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: timestamptz, on SQLite fixed-width text that sorts as time does."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone; time is never naive")
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment: datetime = value
            return moment.astimezone(UTC)
        return datetime.fromisoformat(value)


def now() -> datetime:
    return datetime.now(UTC)


class Engine(Protocol):
    """What SQLite and PostgreSQL do differently."""

    def submit_write(self, run: "Run") -> None: ...
    def submit_read(self, run: "Run") -> None: ...
    def close(self) -> None: ...


class Run:
    """One command on its way: the call, where its answer goes, what it woke."""

    __slots__ = ("_call", "_context", "future", "info")

    def __init__(self, call: Callable[[Session], Any]) -> None:
        self._call = call
        self._context = copy_context()  # the trace goes with the command into its thread
        self.future: Future[Any] = Future()
        self.info: dict[str, Any] = {}

    def call(self, session: Session) -> Any:
        return self._context.run(self._call, session)

    def fail(self, error: BaseException) -> None:
        if isinstance(error, StopIteration | KeyboardInterrupt | SystemExit | GeneratorExit):
            error = CommandFailed(repr(error)).with_traceback(error.__traceback__)
        with suppress(InvalidStateError):  # nobody waits any more
            self.future.set_exception(error)

    def done(self, answer: Any) -> None:
        with suppress(InvalidStateError):
            self.future.set_result(answer)


class Database:
    """One service's database. Built from its URL; nothing else knows which kind it is."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self.on_said: list[Callable[[], None]] = []
        self._waiting: dict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._engine = _open(url, settings, self._committed)

    def submit(self, fn: Command[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """A write for callers in threads: workers, the command line, tests."""
        run = Run(lambda session: fn(session, *args, **kwargs))
        self._engine.submit_write(run)
        return run.future

    def look(self, fn: Command[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        run = Run(lambda session: fn(session, *args, **kwargs))
        self._engine.submit_read(run)
        return run.future

    async def write(self, fn: Command[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Resolves after the commit. A caller who is cancelled leaves a write that stands."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(fn, *args, **kwargs)))

    async def read(self, fn: Command[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self.look(fn, *args, **kwargs))

    async def read_until(
        self, key: str, within: float, enough: Callable[[T], bool], fn: Callable[[], Awaitable[T]]
    ) -> T:
        """What `fn` reads, once it is `enough` or `within` seconds have passed.

        Read again whenever a command here has `touch`ed the key, and every 0.25 s for what
        another replica has committed.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting[key].add(waiter)  # before the read, so that no commit slips between
            try:
                answer = await fn()
                left = until - loop.time()
                if left <= 0 or enough(answer):
                    return answer
                await asyncio.wait([waiter], timeout=min(left, 0.25))
            finally:
                self._waiting[key].discard(waiter)
                if not self._waiting[key]:
                    self._waiting.pop(key, None)

    def close(self) -> None:
        self._engine.close()

    def _committed(self, runs: Iterable[Run]) -> None:
        said, touched = False, set[str]()
        for run in runs:
            said = said or bool(run.info.get("said"))
            touched |= run.info.get("touched", set())
        if said:
            for listener in self.on_said:
                listener()
        for key in touched:
            for waiter in list(self._waiting.get(key, ())):
                with suppress(RuntimeError):  # its loop has ended
                    waiter.get_loop().call_soon_threadsafe(_wake, waiter)


def touch(session: Session, key: str) -> None:
    """Whoever waits for `key` in this process is woken once this command has committed."""
    session.info.setdefault("touched", set()).add(key)


def on_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def insert_new(session: Session, table: Table, **values: Any) -> bool:
    """False, and nothing done, where one of the table's unique keys is taken already."""
    dialect = postgresql if on_postgres(session) else sqlite
    row = dialect.insert(table).values(values).on_conflict_do_nothing()
    # A count of rows is -1 where the driver was asked to return the key: what came back counts.
    return session.execute(row.returning(literal(1))).first() is not None


def keep_newest(session: Session, model: Any, key: dict[str, Any], values: dict[str, Any]) -> None:
    """A state heard of another service: the newest stays, a late one is known by its sequence."""
    dialect = postgresql if on_postgres(session) else sqlite
    row = dialect.insert(model).values(**key, **values)
    session.execute(
        row.on_conflict_do_update(
            index_elements=list(key), set_=values, where=model.sequence < row.excluded.sequence
        )
    )


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def settings_of(session: Session) -> Settings:
    """How this process runs, for commands: keys, clocks, its public address."""
    settings: Settings = session.info["settings"]
    return settings


def _open(url: str, settings: Settings, committed: Callable[[Iterable[Run]], None]) -> Engine:
    if url.startswith("sqlite"):
        from chassis.sqlite import SQLite  # noqa: PLC0415 - only the driver in use is imported

        return SQLite(url, settings, committed)
    from chassis.postgres import Postgres  # noqa: PLC0415

    return Postgres(url, settings, committed)
