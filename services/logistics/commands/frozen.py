"""What a shipment is planned from, and what is told of a choice that came to nothing."""

import base64
import json

from sqlalchemy.orm import Session

from chassis.crypto import unseal
from chassis.db import settings_of
from contracts.orders import Consignee, OrderConfirmed
from services.logistics.models.shipping import Shipment
from services.logistics.queries.choice import kept


def consignee_of(session: Session, event: OrderConfirmed) -> Consignee:
    keys = settings_of(session).consignee_keys
    plain = unseal(base64.b64decode(event.consignee), keys, event.order_id)
    return Consignee.model_validate_json(plain)


def reasons_of(rows: list[Shipment]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for row in rows:
        reasons |= json.loads(row.declined)
        choice = kept(row.offers)
        for each in choice.excluded:
            reasons[f"{each.provider_id}/{each.service}"] = "; ".join(each.reasons)
        for offer in choice.offers:
            if offer.not_asked is not None:
                reasons[f"{offer.provider_id}/{offer.service}"] = offer.not_asked
    return reasons or {"rates": "no rate card covers these goods"}
