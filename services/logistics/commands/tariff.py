"""Importing rules: a batch is validated whole, then seen whole or not at all."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from chassis.db import now
from contracts.values import new_id
from services.logistics.models.tariff import TariffBatch, TariffRule
from services.logistics.queries import tariff


def record_import(session: Session, _: Any, result: dict[str, Any]) -> dict[str, Any]:
    """Equal rows stay, changed ones are closed in known time and written anew. The job's report."""
    if result["errors"]:
        return {"summary": f"{result['wrong']} rows are wrong; nothing was imported", **result}
    report: dict[str, Any] = {"errors": [], "unparsed": result["unparsed"]}
    if tariff.batch_of(session, result["sha256"]) is not None:
        return {"summary": "no change: these bytes were imported before", "imported": 0, **report}
    at, batch_id = _later_than_every_batch(session), new_id("bat")
    known = tariff.open_rules(session)
    fresh = [row for row in result["rows"] if not _is_known(known, row)]
    superseded = [known[key].rule_id for row in fresh if (key := _identity(row)) in known]
    for start in range(0, len(superseded), 500):
        session.execute(
            update(TariffRule)
            .where(TariffRule.rule_id.in_(superseded[start : start + 500]))
            .values(known_to=at)
        )
    if fresh:
        session.execute(insert(TariffRule), [_values(row, batch_id, at) for row in fresh])
    session.add(
        TariffBatch(
            batch_id=batch_id,
            sha256=result["sha256"],
            known_from=at,
            inserted=len(fresh),
            closed=len(superseded),
        )
    )
    unchanged = len(result["rows"]) - len(fresh)
    unknown = sum(result["unparsed"].values())
    summary = f"{len(fresh)} rules imported, {unchanged} unchanged, {unknown} rates not understood"
    return {"summary": summary, "imported": len(fresh), "unchanged": unchanged, **report}


def _later_than_every_batch(session: Session) -> datetime:
    at, last = now(), tariff.known_at(session)
    if last is not None and at <= last:
        raise ValueError(f"the clock stands at {at}, before the last batch of {last}")
    return at


def _identity(row: dict[str, Any]) -> tuple[str, str, str, datetime]:
    since = datetime.fromisoformat(row["valid_from"])
    return row["table"], row["jurisdiction"], row["key"], since


def _is_known(known: dict[tuple[str, str, str, datetime], TariffRule], row: dict[str, Any]) -> bool:
    found = known.get(_identity(row))
    return found is not None and json.loads(found.fields) == row["fields"]


def _values(row: dict[str, Any], batch_id: str, at: datetime) -> dict[str, Any]:
    until = row["valid_to"]
    return {
        "rule_id": new_id("rul"),
        "batch_id": batch_id,
        "table_name": row["table"],
        "jurisdiction": row["jurisdiction"],
        "rule_key": row["key"],
        "valid_from": datetime.fromisoformat(row["valid_from"]),
        "valid_to": datetime.fromisoformat(until) if until else None,
        "known_from": at,
        "known_to": None,
        "fields": json.dumps(row["fields"]),
    }
