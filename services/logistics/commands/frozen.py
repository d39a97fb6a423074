"""What a shipment is planned from, and what is kept of the choice."""

import base64
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from chassis.crypto import unseal
from chassis.db import settings_of
from contracts.orders import Consignee, OrderConfirmed
from contracts.values import Money
from services.logistics.domain.shipping.choice import Ranked
from services.logistics.domain.shipping.rates import Rates
from services.logistics.models.shipping import OrderShipping, Shipment
from services.logistics.queries import shipping as queries

if TYPE_CHECKING:
    pass

_ORDERS: Any = OrderShipping.__table__
_NOT_MOVING = ("awaiting_data", "label_created", "cancelled")
_ENDS = ("delivered", "returned", "lost")


def consignee_of(session: Session, event: OrderConfirmed) -> Consignee:
    keys = settings_of(session).consignee_keys
    plain = unseal(base64.b64decode(event.consignee), keys, event.order_id)
    return Consignee.model_validate_json(plain)


def kept_offers(order: tuple[Ranked, ...], found: Rates) -> dict[str, Any]:
    return {
        "offers": [
            {
                "provider_id": each.offer.provider,
                "service": each.offer.service,
                "price": Money.of(each.offer.price_minor, each.offer.currency).model_dump(),
                "promised_on": each.offer.promised_on.isoformat(),
                "because": each.because,
            }
            for each in order
        ],
        "excluded": [queries.refused_out(each).model_dump() for each in found.excluded],
    }


def reasons_of(rows: list[Shipment]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for row in rows:
        reasons |= json.loads(row.declined)
        for each in json.loads(row.offers)["excluded"]:
            reasons[f"{each['provider_id']}/{each['service']}"] = "; ".join(each["reasons"])
    return reasons or {"rates": "no rate card covers these goods"}
