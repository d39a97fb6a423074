"""Importing rate cards."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from chassis import uploads
from chassis.jobs import Computation, Jobs
from services.logistics.commands.cards import record_cards
from services.logistics.domain.shipping.cards import parse_cards
from services.logistics.queries.shipping import CARD


def parse_rate_cards(given: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Pure, in the child: the cards, or every wrong row."""
    try:
        files = uploads.files_of(given)
    except uploads.Unreadable as error:
        wrong = {"file": given["name"], "row": 1, "column": "", "code": "unreadable"}
        return {"cards": [], "errors": [{**wrong, "message": str(error), "value": ""}]}
    progress(0.3)
    cards, errors = parse_cards(files)
    return {
        "cards": [CARD.dump_python(card, mode="json") for card in cards],
        "errors": [asdict(error) for error in errors[:1000]],
    }


JOBS: Jobs = (
    Computation(
        "rate card import", "services.logistics.jobs.shipping:parse_rate_cards", record_cards
    ),
)
