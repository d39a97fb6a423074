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
    attempts: int


def moved(parcels: Sequence[Folded], attempts: int) -> Moved:
    """Of all parcels of one shipment, at least one. `attempts`: failed ones, counted over all."""
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
        attempts=attempts,
    )


def _instant(stamp: Stamp | None) -> datetime | None:
    return datetime.fromisoformat(stamp.utc) if stamp is not None and stamp.utc else None


def _written(stamp: Stamp) -> str:
    return stamp.utc or f"{stamp.local or ''}{stamp.offset or ''}"
