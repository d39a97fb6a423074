"""A provider's verdict, from the call's answer or from a webhook: one command for both."""

import json
from typing import Any

from sqlalchemy.orm import Session

from services.orders.commands import advance
from services.orders.domain.saga import Fact, Heard

_HEARD = {
    "authorised": Heard.AUTHORISED,
    "declined": Heard.DECLINED,
    "challenged": Heard.CHALLENGED,
    "captured": Heard.CAPTURED,
    "capture_failed": Heard.CAPTURE_FAILED,
    "voided": Heard.VOIDED,
    "refunded": Heard.REFUNDED,
    "partly_refunded": Heard.PARTLY_REFUNDED,
    "disputed": Heard.DISPUTED,
    "dispute_won": Heard.DISPUTE_WON,
    "dispute_lost": Heard.DISPUTE_LOST,
}


def take(
    session: Session,
    order_id: str,
    attempt: int,
    verdict: str,
    *,
    reason: str = "",
    next_action: dict[str, Any] | None = None,
) -> str:
    """What the order heard by it; empty for a verdict that says nothing yet (pending)."""
    heard = _HEARD.get(verdict)
    if heard is None:
        return ""
    action = json.dumps(next_action) if next_action else None
    fact = Fact(heard, attempt=attempt)
    advance.hear(session, order_id, fact, reason=reason, next_action=action)
    return heard.value
