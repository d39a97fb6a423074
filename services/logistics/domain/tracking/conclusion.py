"""What the scans of a shipment come to, for ratings. Not known stays unknown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.logistics.domain.tracking.fold import Folded, Stamp
from services.logistics.domain.tracking.scan import Scan
from services.logistics.domain.tracking.status import phase_of
from services.logistics.domain.tracking.time import zone_of

ENDS = ("delivered", "returned", "lost")
IN_TIME = timedelta(hours=24)
_EXCEPTIONS = frozenset({"delayed", "on_hold", "attempt_failed", "damaged", "lost"})
_DOCUMENTS = "documents_missing"


@dataclass(frozen=True)
class Parcel:
    """Its state, and the scans that count: confirmed, not taken back, of this booking."""

    state: Folded
    scans: tuple[Scan, ...]


@dataclass(frozen=True)
class Conclusion:
    """As `shipment-concluded` tells it. `milestones_expected` leaves out the delivery: it counts
    half without a proof, and no format read here says whether there is one.
    """

    at: datetime | None
    ended_on: date | None
    complete: bool | None
    reasons: tuple[str, ...]
    attempts: int
    attempted_first: bool | None
    customs_days: int
    customs_queries: int | None
    milestones_expected: int
    milestones_received: float
    exceptions: int
    exceptions_notified: int


def conclusion(
    parcels: Sequence[Parcel], status: str, destination: str, promised_on: date | None
) -> Conclusion:
    """Of all parcels of one shipment; `destination` is the country whose calendar counts."""
    scans = [scan for parcel in parcels for scan in parcel.scans]
    ends = [end for parcel in parcels if (end := _end(parcel.state, status))]
    ended_on = _latest_day(ends, destination) if status == "delivered" else None
    expected, received = _scan_compliance(parcels)
    told = _exceptions(scans)
    is_late = promised_on is not None and ended_on is not None and ended_on > promised_on
    in_silence = is_late and not any(_is_by(scan, promised_on) for scan in told.values())
    return Conclusion(
        at=_latest(ends),
        ended_on=ended_on,
        complete=_complete(parcels) if status in ENDS else None,
        reasons=tuple(sorted({scan.reason for scan in scans if scan.reason})),
        attempts=sum(_attempts(parcel) for parcel in parcels),
        attempted_first=_attempted_first(parcels),
        customs_days=max((_customs_days(parcel.state) for parcel in parcels), default=0),
        customs_queries=_customs_queries(scans),
        milestones_expected=expected,
        milestones_received=received,
        exceptions=len(told) + in_silence,
        exceptions_notified=len(told),
    )


def _end(state: Folded, status: str) -> Stamp | None:
    """Of a parcel that has come as far as the shipment."""
    return state.milestones.get(status, state.latest) if state.status == status else None


def _latest(ends: Iterable[Stamp]) -> datetime | None:
    known = [end.sort_at for end in ends if end.sort_at is not None]
    return datetime.fromtimestamp(max(known), UTC) if known else None


def _latest_day(ends: Sequence[Stamp], country: str) -> date | None:
    """None where a parcel's day is not known: it may have been the last."""
    days = [day for end in ends if (day := _day(end, country))]
    return max(days) if days and len(days) == len(ends) else None


def _day(stamp: Stamp, country: str | None = None) -> date | None:
    """The day as written where it happened. A clock in UTC is brought to the country's own."""
    zone = zone_of(country)
    if stamp.utc and zone and stamp.offset == "+00:00":
        return datetime.fromisoformat(stamp.utc).astimezone(zone).date()
    return date.fromisoformat(stamp.local[:10]) if stamp.local else None


def _complete(parcels: Sequence[Parcel]) -> bool | None:
    """A parcel that did not come is missing; that all came does not say the goods were right."""
    return None if all(parcel.state.status == "delivered" for parcel in parcels) else False


def _attempts(parcel: Parcel) -> int:
    """Of delivery: those that failed and the one that did not."""
    failed = sum(scan.status == "attempt_failed" for scan in parcel.scans)
    return failed + ("delivered" in parcel.state.milestones)


def _attempted_first(parcels: Sequence[Parcel]) -> bool | None:
    firsts = [parcel.state.milestones.get("first_attempt") for parcel in parcels]
    if any(first is not None and first.status == "attempt_failed" for first in firsts):
        return False
    return True if firsts and all(firsts) else None


def _customs_days(state: Folded) -> int:
    into, out = (state.milestones.get(name) for name in ("customs_in", "customs_out"))
    since, until = into and _day(into), out and _day(out)
    return max(0, (until - since).days) if since and until else 0


def _customs_queries(scans: Iterable[Scan]) -> int | None:
    """None where customs were never reported of."""
    customs = [scan for scan in scans if scan.status in ("customs_hold", "customs_cleared")]
    if not customs:
        return None
    return sum(scan.status == "customs_hold" and scan.reason == _DOCUMENTS for scan in customs)


def _exceptions(scans: Iterable[Scan]) -> dict[str, Scan]:
    """The first scan of each kind that tells of one."""
    found: dict[str, Scan] = {}
    for scan in sorted(scans, key=lambda each: (each.sort_at is None, each.sort_at or 0)):
        is_query = scan.status == "customs_hold" and scan.reason == _DOCUMENTS
        if scan.status in _EXCEPTIONS or is_query:
            found.setdefault(scan.status, scan)
    return found


def _is_by(scan: Scan, day: date | None) -> bool:
    return bool(day and scan.local and date.fromisoformat(scan.local[:10]) <= day)


def _scan_compliance(parcels: Iterable[Parcel]) -> tuple[int, float]:
    """Milestones that any format can tell of, and how many were heard of within 24 h: taken over,
    and where it was delivered, on its way to the door.
    """
    expected, received = 0, 0
    for parcel in parcels:
        was_delivered = "delivered" in parcel.state.milestones
        for phases in ((3, 4), (5,)) if was_delivered else ((3, 4),):
            expected += 1
            received += any(
                _is_in_time(scan) for scan in parcel.scans if phase_of(scan.status) in phases
            )
    return expected, float(received)


def _is_in_time(scan: Scan) -> bool:
    return scan.sort_at is not None and (
        scan.received_at - datetime.fromtimestamp(scan.sort_at, UTC) <= IN_TIME
    )
