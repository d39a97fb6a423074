"""What people see of a parcel, and of a shipment of several."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.logistics.domain.tracking.fold import Folded, Retraction, standing
from services.logistics.domain.tracking.scan import (
    Order,
    Place,
    Scan,
    Trust,
    in_order,
    merged,
    same_clock,
)
from services.logistics.domain.tracking.status import advancement
from services.logistics.domain.tracking.time import Precision

_SAME_SHIPMENT_DAYS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline; `texts` has what each of its scans says, `keys` which they are."""

    status: str
    reason: str | None
    local: str | None
    offset: str | None
    precision: Precision
    place: Place
    texts: tuple[str, ...]
    keys: tuple[str, ...]
    trust: Trust


def timeline(scans: Iterable[Scan], retractions: Iterable[Retraction] = ()) -> list[Line]:
    """In the order of the fold, scans without time last; what was taken back is not shown.

    Lines of the same status, local time and place are one, even if their texts differ.
    """
    shown = sorted(standing(merged(scans), retractions), key=_by_time)
    alike: dict[tuple[str | None, ...], list[Scan]] = {}
    for scan in shown:
        alike.setdefault(_sight(scan), []).append(scan)
    return [_line(group) for group in alike.values()]


def _by_time(scan: Scan) -> tuple[bool, Order]:
    return (scan.sort_at is None, in_order(scan))


def _sight(scan: Scan) -> tuple[str | None, ...]:
    place = scan.place
    parts = (place.city, place.region, place.postal_code, place.country)
    seen = (part.casefold() if part else None for part in parts)
    clock = same_clock(scan.local) if scan.local else scan.utc or scan.raw
    return (scan.status, clock, *seen)


def _line(group: Sequence[Scan]) -> Line:
    first = group[0]
    texts = dict.fromkeys(scan.text for scan in group if scan.text)
    return Line(
        status=first.status,
        reason=next((scan.reason for scan in group if scan.reason), None),
        local=first.local,
        offset=next((scan.offset for scan in group if scan.offset), None),
        precision=first.precision,
        place=first.place,
        texts=tuple(texts),
        keys=tuple(scan.key for scan in group),
        trust=min(scan.trust for scan in group),  # one confirmed scan confirms the line
    )


@dataclass(frozen=True, slots=True)
class ShipmentState:
    """The state of the parcel that is least far, and how many parcels are in which state."""

    status: str
    leg: str
    reason: str | None
    flags: tuple[str, ...]
    counts: dict[str, int]


def shipment_state(parcels: Sequence[Folded]) -> ShipmentState:
    """Cancelled parcels only count if all are cancelled. Raises ValueError without parcels."""
    if not parcels:
        raise ValueError("a shipment has at least one parcel")
    under_way = [parcel for parcel in parcels if parcel.status != "cancelled"]
    behind = min(under_way or parcels, key=_progress)
    return ShipmentState(
        status=behind.status,
        leg=behind.leg,
        reason=behind.reason,
        flags=tuple(sorted({flag for parcel in parcels for flag in parcel.flags})),
        counts=dict(sorted(Counter(parcel.status for parcel in parcels).items())),
    )


def _progress(parcel: Folded) -> tuple[float, int, str, str]:
    phase, rank = advancement(parcel.status)
    # A parcel on its way back is not yet at an end, though its phase comes after delivery.
    reached = 5.5 if parcel.status == "returning" else float(phase)
    return (reached, rank, parcel.leg, parcel.reason or "")


def of_one_generation(scans: Sequence[Scan], booked_on: date | None) -> list[Scan]:
    """The scans of the shipment that was booked, where a carrier has used its number again.

    The generation that begins nearest to the booking, within 60 days; unbooked, the newest.
    Scans without a generation always belong.
    """
    begun: dict[str, date] = {}
    for scan in scans:
        if scan.generation is not None and scan.sort_at is not None:
            day = datetime.fromtimestamp(scan.sort_at, UTC).date()
            begun[scan.generation] = min(day, begun.get(scan.generation, day))
    if not begun:
        return list(scans)
    chosen = _nearest(begun, booked_on)
    return [scan for scan in scans if scan.generation in (None, chosen)]


def _nearest(begun: dict[str, date], booked_on: date | None) -> str | None:
    if booked_on is None:
        return max(begun, key=lambda generation: (begun[generation], generation))
    distance = {name: abs((day - booked_on).days) for name, day in begun.items()}
    nearest = min(distance, key=lambda name: (distance[name], name))
    return nearest if distance[nearest] <= _SAME_SHIPMENT_DAYS else None
