"""Alembic, per service: the chassis's own tables are a branch of their own in each database."""

from importlib import import_module
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from chassis.db import tables

_CHASSIS = Path(__file__).parent / "migrations" / "versions"


def migrate(package: str, url: str) -> None:
    """Brings one service's database to the present; creates it where it can."""
    _create_database(url)
    own = Path(str(import_module(package).__file__)).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(own))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{_CHASSIS}\n{own / 'versions'}")
    config.attributes["url"] = url
    command.upgrade(config, "heads")


def run_env(metadata: MetaData) -> None:
    """The whole body of a service's migrations/env.py."""
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=[tables, metadata],
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


def _create_database(url: str) -> None:
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        Path(where.database or "").parent.mkdir(parents=True, exist_ok=True)
        return
    server = create_engine(
        where.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with server.connect() as connection:
        found = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.execute(found, {"name": where.database}).first() is None:
            connection.execute(text(f'CREATE DATABASE "{where.database}"'))
