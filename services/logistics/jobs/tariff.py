"""Importing rules, and keeping a key to sign quotes with."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import tokens, uploads
from chassis.db import settings_of
from chassis.jobs import Computation, Jobs, Schedule
from contracts.event import PLATFORM
from contracts.logistics import QuoteKeyChanged
from services.logistics.commands.tariff import record_import
from services.logistics.domain.importers import uk_api, ukgt
from services.logistics.domain.tariff import hansa_csv

KEY_LIFE = timedelta(days=60)
ROTATED_BEFORE = timedelta(days=30)
LISTED = 1000  # errors; all are counted
READERS = {"hansa": hansa_csv.read, "ukgt": ukgt.read, "uk": uk_api.read}  # by the kind of file


def parse_rules(given: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Pure, in the child process: rows, or every wrong row with its place."""
    try:
        files = uploads.files_of(given)
    except uploads.Unreadable as error:
        wrong = {"file": given["name"], "row": 1, "column": "", "code": "unreadable"}
        errors = [{**wrong, "message": str(error), "value": ""}]
        return {"rows": [], "errors": errors, "wrong": 1, "unparsed": {}, "sha256": given["sha256"]}
    progress(0.2)
    parsed = READERS[given.get("kind", "hansa")](files)
    return {
        "rows": [] if parsed.errors else [asdict(row) for row in parsed.rows],
        "errors": [asdict(error) for error in parsed.errors[:LISTED]],
        "wrong": len(parsed.errors),
        "unparsed": parsed.unparsed,
        "sha256": given["sha256"],
    }


def keep_a_quote_key(session: Session, at: datetime) -> None:
    """A key at the first start; a new one a month before the last ends."""
    ends = tokens.newest_key_ends(session)
    if ends is None or ends - at < ROTATED_BEFORE:
        tokens.add_key(session, settings_of(session).master_keys, at, KEY_LIFE, _announce)


def _announce(kid: str, public: str, since: datetime, until: datetime) -> QuoteKeyChanged:
    return QuoteKeyChanged(
        tenant=PLATFORM,
        sequence=1,
        kid=kid,
        public_key=public,
        status="active",
        not_before=since,
        not_after=until,
    )


JOBS: Jobs = (
    Schedule("quote keys", timedelta(minutes=1), keep_a_quote_key),
    Computation("tariff import", "services.logistics.jobs.tariff:parse_rules", record_import),
)
