"""What changed for a shipment: the state of its least advanced parcel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from contracts.logistics import ShipmentStatus
from services.logistics.domain.tracking.fold import Folded, Stamp
from services.logistics.domain.tracking.timeline import shipment_state


@dataclass(frozen=True)
class Moved:
    """`at` only where the carrier gave an instant; milestones as the carrier wrote their times."""

    status: ShipmentStatus
    reason: str | None
    leg: Literal["outbound", "return"]
    flags: tuple[str, ...]
    at: datetime | None
    milestones: dict[str, str]


def moved(parcels: Sequence[Folded]) -> Moved:
    """Of all parcels of one shipment, at least one."""
    state = shipment_state(parcels)
    shown = next(parcel for parcel in parcels if parcel.status == state.status)
    milestones = {
        name: _written(stamp) for parcel in parcels for name, stamp in parcel.milestones.items()
    }
    return Moved(
        status=cast("ShipmentStatus", state.status),
        reason=state.reason,
        leg=cast('Literal["outbound", "return"]', state.leg),
        flags=state.flags,
        at=_instant(shown.latest),
        milestones=milestones,
    )


def _instant(stamp: Stamp | None) -> datetime | None:
    return datetime.fromisoformat(stamp.utc) if stamp is not None and stamp.utc else None


def _written(stamp: Stamp) -> str:
    return f"{stamp.local}{stamp.offset or ''}" if stamp.local else stamp.utc or ""
