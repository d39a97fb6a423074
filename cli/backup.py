"""A copy of the one box while it runs: SQLite's online backup, the log last."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url


class NotCopied(Exception):
    """No backup was made; the text says why, and what to do."""


def back_up(parts: tuple[str, ...], var: Path, target: Path) -> dict[str, int]:
    """Bytes per file. All or nothing: a folder of this name is a whole backup.

    The log goes last. A service's offset then never points behind the end of the copied log, and
    what a copied service had said is in the copied outbox or in the copied log.
    """
    if target.exists():
        raise NotCopied(f"{target} is there already; a backup gets a folder of its own")
    database = os.environ.get("DATABASE_URL", f"sqlite:///{var}/{{service}}.db")
    log = os.environ.get("LOG_URL", f"sqlite:///{var}/log.db")
    sources = [_file(database.replace("{service}", part)) for part in parts]
    if log.startswith("sqlite"):
        sources.append(_file(log))
    draft = target.with_name(f"{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    began = datetime.now(UTC)
    try:
        copied = {source.name: _copy(source, draft / source.name) for source in sources}
    except sqlite3.Error as error:
        raise NotCopied(f"a file cannot be copied whole: {error}") from error
    told = {"began_at": began.isoformat(), "ended_at": datetime.now(UTC).isoformat()}
    (draft / "backup.json").write_text(json.dumps({**told, "bytes": copied}, indent=1) + "\n")
    draft.rename(target)
    return copied


def _file(url: str) -> Path:
    where = make_url(url)
    if where.get_backend_name() != "sqlite":
        raise NotCopied("PostgreSQL is backed up by its own tools: see docs/operations.md")
    path = Path(where.database or "")
    if not path.exists():
        raise NotCopied(f"there is no {path}; --var names the folder of the data")
    return path


def _copy(source: Path, target: Path) -> int:
    """In one step: in pieces it would begin again whenever the service writes.

    A reader's snapshot holds up no writer, for the journal is a write-ahead log.
    """
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as running,
        closing(sqlite3.connect(target)) as copy,
    ):
        running.backup(copy)
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise NotCopied(f"{source}: {found}")
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return target.stat().st_size
