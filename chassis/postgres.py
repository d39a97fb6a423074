"""PostgreSQL: as many threads as pooled connections; lost races are run again."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chassis.db import Run
from chassis.settings import Settings

TRIES = 3
LOST_RACES = {"40001", "40P01"}  # serialisation failure, deadlock: the same command may succeed now


class Postgres:
    """Implements chassis.db.Engine."""

    def __init__(
        self, url: str, settings: Settings, committed: Callable[[Iterable[Run]], None]
    ) -> None:
        self._info = {"settings": settings}
        pool_size = settings.pool_size
        self._committed = committed
        self._engine = create_engine(url, pool_size=pool_size, max_overflow=0, pool_use_lifo=True)
        self._reading = self._engine.execution_options(postgresql_readonly=True)
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="postgres")

    def submit_write(self, run: Run) -> None:
        self._threads.submit(self._write, run)

    def submit_read(self, run: Run) -> None:
        self._threads.submit(self._read, run)

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    def _write(self, run: Run) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                with Session(self._engine, expire_on_commit=False, info=self._info) as session:
                    answer = run.call(session)
                    session.commit()
                    run.info = dict(session.info)
            except BaseException as error:
                if attempt == TRIES or not _lost_race(error):
                    return run.fail(error)
            else:
                self._committed([run])
                return run.done(answer)
        return None

    def _read(self, run: Run) -> None:
        try:
            with Session(self._reading, info=self._info) as session:
                run.done(run.call(session))
        except BaseException as error:
            run.fail(error)


def _lost_race(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in LOST_RACES


def driver_connection(url: str) -> psycopg.Connection:
    """A connection of its own, in autocommit: for advisory locks, LISTEN and NOTIFY."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)
