"""What a carrier reports of a shipment, said to everybody: once per change, in order."""

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from chassis.outbox import publish
from contracts.logistics import ShipmentConcluded, ShipmentMoved
from services.logistics.commands import stock
from services.logistics.domain.shipping.places import crosses_a_customs_border
from services.logistics.domain.tracking.conclusion import ENDS, conclusion
from services.logistics.domain.tracking.moved import Moved
from services.logistics.models.shipping import Shipment
from services.logistics.queries import providers, tracking
from services.logistics.queries import shipping as queries

_NOT_MOVING = ("awaiting_data", "label_created", "cancelled")


def shipment_moved(session: Session, shipment_id: str, moved: Moved) -> None:
    """Each change of the carrier's state is said once, in order; stock leaves with the first."""
    row = queries.shipment_for_update(session, shipment_id)
    if row is None:
        return
    state = (moved.status, moved.reason, moved.leg, json.dumps(sorted(moved.flags)))
    if state != (row.status, row.reason, row.leg, row.flags):
        row.status, row.reason, row.leg, row.flags = state
        _say_moved(session, row, moved)
    if moved.status in ENDS or row.concluded:
        _conclude(session, row, moved)


def _say_moved(session: Session, row: Shipment, moved: Moved) -> None:
    row.version += 1
    if moved.status not in _NOT_MOVING and not row.handed_over:
        row.handed_over = True
        stock.consume(session, row.order_id)
    session.flush()
    publish(
        session,
        ShipmentMoved(
            tenant=row.tenant,
            sequence=row.version,
            shipment_id=row.shipment_id,
            order_id=row.order_id,
            status=moved.status,
            reason=moved.reason,
            leg=moved.leg,
            flags=tuple(sorted(moved.flags)),
            at=moved.at,
            promised_on=row.promised_on,
        ),
    )


def _conclude(session: Session, row: Shipment, moved: Moved) -> None:
    """One record for ratings. What changes it later says it again, also that it has not ended."""
    told = _told(session, row, moved)
    record = json.dumps(told, sort_keys=True, default=str)
    if record == row.concluded_as:
        return
    row.concluded, row.concluded_as = row.concluded + 1, record
    row.version += 1
    session.flush()
    publish(
        session,
        ShipmentConcluded(
            tenant=row.tenant,
            sequence=row.version,
            shipment_id=row.shipment_id,
            order_id=row.order_id,
            provider_id=row.provider,
            revision=row.concluded,
            **told,
        ),
    )


def _told(session: Session, row: Shipment, moved: Moved) -> dict[str, Any]:
    """What is known; which options were ordered is not, an order has none yet."""
    parcels = tracking.parcels(session, row.shipment_id)
    found = conclusion(parcels, moved.status, row.destination, row.promised_on)
    is_broker = crosses_a_customs_border(row.origin, row.destination) and (
        providers.clears_customs(session, row.provider, row.service)
    )
    return {
        "status": moved.status,
        "promised_on": row.promised_on,
        "milestones": dict(moved.milestones),
        "damaged": "damaged" in moved.flags,
        "service": row.service,
        "origin": row.origin,
        "destination": row.destination,
        "is_broker": is_broker,
        **asdict(found),
    }
