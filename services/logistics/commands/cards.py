"""Taking rate cards in: immutable once here, a change is a new version."""

import json
from typing import Any

from sqlalchemy.orm import Session

from chassis.db import now
from services.logistics.domain.shipping.card import RateCard
from services.logistics.models.shipping import StoredCard
from services.logistics.queries import shipping as queries


def record_cards(session: Session, job: Any, parsed: dict[str, Any]) -> dict[str, Any]:
    """All or nothing. The job's report."""
    if parsed["errors"]:
        wrong = len(parsed["errors"])
        return {"summary": f"{wrong} rows are wrong; nothing was imported", **parsed}
    cards = [queries.CARD.validate_python(card) for card in parsed["cards"]]
    errors = [error for card in cards for error in _conflicts(session, job.tenant, card)]
    if errors:
        return {"summary": "a card does not fit; nothing was imported", "errors": errors}
    fresh = [card for card in cards if queries.stored_card(session, job.tenant, card) is None]
    for card in fresh:
        session.add(
            StoredCard(
                tenant=job.tenant,
                provider=card.provider,
                service=card.service,
                version=card.version,
                valid_from=card.valid_from,
                valid_to=card.valid_to,
                currency=card.currency,
                card=_text(card),
                imported_at=now(),
            )
        )
    session.flush()
    same = len(cards) - len(fresh)
    summary = f"{len(fresh)} rate cards imported, {same} unchanged"
    return {"summary": summary, "imported": len(fresh), "unchanged": same, "errors": []}


def _conflicts(session: Session, tenant: str, card: RateCard) -> list[dict[str, Any]]:
    """Another card of the same version, or a validity that overlaps another version's."""
    stored = queries.stored_card(session, tenant, card)
    if stored is not None:
        if json.loads(stored.card) == json.loads(_text(card)):
            return []
        return [_error(card, "version", "immutable", "this version is here already, and differs")]
    overlapping = [
        row.version
        for row in queries.versions(session, tenant, card.provider, card.service)
        if (card.valid_to is None or row.valid_from <= card.valid_to)
        and (row.valid_to is None or card.valid_from <= row.valid_to)
    ]
    if overlapping:
        message = f"its validity overlaps version {', '.join(overlapping)}"
        return [_error(card, "valid_from", "validity_overlap", message)]
    return []


def _error(card: RateCard, column: str, code: str, message: str) -> dict[str, Any]:
    file, _, row = card.source.rpartition(":")
    return {
        "file": file,
        "row": int(row) if row.isdigit() else 1,
        "column": column,
        "code": code,
        "message": f"{card.provider}/{card.service} {card.version}: {message}",
    }


def _text(card: RateCard) -> str:
    """The same for the same card: sets are written in order."""
    return json.dumps(_ordered(queries.CARD.dump_python(card, mode="json")), sort_keys=True)


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(each) if name in _SETS and each is not None else _ordered(each)
            for name, each in value.items()
        }
    return [_ordered(each) for each in value] if isinstance(value, list) else value


_SETS = {"incoterms", "refused_countries", "refused_goods", "pickup_days", "delivery_days"}
