"""What a carrier reports of a shipment, said to everybody: once per change, in order."""

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from chassis.outbox import publish
from contracts.logistics import (
    ShipmentConcluded,
    ShipmentMoved,
)
from services.logistics.commands import stock
from services.logistics.models.shipping import OrderShipping, Shipment
from services.logistics.queries import shipping as queries

if TYPE_CHECKING:
    from services.logistics.domain.tracking.moved import Moved

_ORDERS: Any = OrderShipping.__table__
_NOT_MOVING = ("awaiting_data", "label_created", "cancelled")
_ENDS = ("delivered", "returned", "lost")


def shipment_moved(session: Session, shipment_id: str, moved: "Moved") -> None:
    """Each change of the carrier's state is said once, in order; stock leaves with the first."""
    row = queries.shipment_for_update(session, shipment_id)
    if row is None:
        return
    state = (moved.status, moved.reason, moved.leg, json.dumps(sorted(moved.flags)))
    if state == (row.status, row.reason, row.leg, row.flags):
        return
    row.status, row.reason, row.leg, row.flags = state
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
            shipment_id=shipment_id,
            order_id=row.order_id,
            status=moved.status,
            reason=moved.reason,
            leg=moved.leg,
            flags=tuple(sorted(moved.flags)),
            at=moved.at,
            promised_on=row.promised_on,
        ),
    )
    if moved.status in _ENDS:
        _conclude(session, row, moved)


def _conclude(session: Session, row: Shipment, moved: "Moved") -> None:
    """One record for ratings; a late scan that changes it says it again."""
    row.concluded += 1
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
            status=moved.status,
            promised_on=row.promised_on,
            milestones=dict(moved.milestones),
            attempts=moved.attempts,
            damaged="damaged" in moved.flags,
        ),
    )
