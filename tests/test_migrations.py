"""What the models say and what the migrations build are the same."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import chassis
from chassis.db import tables
from chassis.migrate import migrate
from onebox.full import SERVICES

PACKAGES = (*(f"services.{name}" for name in SERVICES), "gateway")


def differences(package: str, url: str) -> list[object]:
    for module in iter_modules(chassis.__path__):  # each adds its own tables
        import_module(f"chassis.{module.name}")
    migrate(package, url)
    engine = create_engine(url, poolclass=NullPool)
    own = import_module(f"{package}.app").SERVICE.metadata
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[object] = compare_metadata(context, [tables, own])  # type: ignore[arg-type]
    engine.dispose()
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_the_migrated_schema_is_what_the_models_say(package: str, tmp_path: Path) -> None:
    assert differences(package, f"sqlite:///{tmp_path}/it.db") == []


@pytest.mark.xdist_group("full")
@pytest.mark.parametrize("package", PACKAGES)
def test_the_migrated_schema_is_what_the_models_say_on_postgres(
    package: str, postgres_url: str
) -> None:
    assert differences(package, postgres_url) == []
