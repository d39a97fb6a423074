"""The state of a parcel: a fold over all its scans, whatever the order they came in.

`fold` takes the scans through the table of `steps` in their order, then lets the scans without a
time have their say.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.logistics.domain.tracking.scan import Order, Scan, in_order, merged
from services.logistics.domain.tracking.status import advancement, phase_of
from services.logistics.domain.tracking.steps import (
    DAMAGED,
    RETURN,
    START,
    Position,
    milestones_of,
    state_of,
    step,
)
from services.logistics.domain.tracking.time import Precision


@dataclass(frozen=True, slots=True)
class Stamp:
    """A scan as the fold remembers it: which one, what it said, and when."""

    key: str
    status: str
    reason: str | None
    local: str | None
    offset: str | None
    utc: str | None
    precision: Precision
    sort_at: int | None


@dataclass(frozen=True, slots=True)
class Course:
    """What the scans with a time say, and the place in the order of the last of them."""

    position: Position = START
    flags: frozenset[str] = frozenset()
    milestones: tuple[tuple[str, Stamp], ...] = ()
    latest: Stamp | None = None
    last: Order | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """The state of a parcel. `latest` is the scan that said it last; milestones are sorted by name.

    `course`, `timeless` and `timeless_damage` are what a further scan is added to.
    """

    status: str
    leg: str
    flags: tuple[str, ...]
    reason: str | None
    milestones: dict[str, Stamp]
    latest: Stamp | None
    course: Course
    timeless: Stamp | None
    timeless_damage: bool

    @property
    def is_ended(self) -> bool:
        """Lost and cancelled are no ends: a parcel may be found, a voided label used."""
        return self.status in ("delivered", "returned")


@dataclass(frozen=True, slots=True)
class Retraction:
    """Takes scans out of the fold: a carrier's own by `scan_id`, or any one, by an operator."""

    scan_id: str | None = None
    connection_id: str | None = None
    key: str | None = None


def fold(scans: Iterable[Scan], retractions: Iterable[Retraction] = ()) -> Folded:
    """Any order and any repetition of the same scans gives the same state.

    Unconfirmed and retracted scans take no part, also where the retraction came first.
    """
    counted = standing(merged(scans), retractions)
    counted = [scan for scan in counted if scan.trust == "confirmed"]
    timed = sorted((scan for scan in counted if scan.sort_at is not None), key=in_order)
    timeless = [scan for scan in counted if scan.sort_at is None]
    placed = [scan for scan in timeless if phase_of(scan.status) is not None]
    furthest = max(placed, key=lambda scan: (*advancement(scan.status), scan.key), default=None)
    return _concluded(
        _followed(Course(), timed),
        _stamp(furthest) if furthest else None,
        damage=any(scan.status == "damaged" for scan in timeless),
    )


def standing(scans: Iterable[Scan], retractions: Iterable[Retraction]) -> list[Scan]:
    """The scans nobody has taken back; a carrier's retraction covers its own connection only."""
    taken_back = list(retractions)
    if not taken_back:
        return list(scans)
    keys = {word.key for word in taken_back if word.key}
    own = {(word.connection_id, word.scan_id) for word in taken_back if word.scan_id}
    return [
        scan
        for scan in scans
        if scan.key not in keys
        and (scan.scan_id is None or (scan.connection_id, scan.scan_id) not in own)
    ]


def folds_after(folded: Folded, scan: Scan) -> Folded | None:
    """The fold with one scan more, in constant time; None where all must be folded again.

    The scan must be one that nobody has retracted.
    """
    if scan.trust != "confirmed":
        return folded
    last = folded.course.last
    if scan.sort_at is None or (last is not None and in_order(scan) <= last):
        return None
    course = _followed(folded.course, [scan])
    return _concluded(course, folded.timeless, damage=folded.timeless_damage)


def _followed(course: Course, scans: list[Scan]) -> Course:
    """The hot loop: one look-up per scan, and the stamps are made once at the end."""
    if not scans:
        return course
    position, flags = course.position, set(course.flags)
    seen: dict[str, Scan | Stamp] = dict(course.milestones)
    latest: Scan | Stamp | None = course.latest
    for scan in scans:
        taken = step(position, scan.status)
        if taken.flag:
            flags.add(taken.flag)
        if taken.applies:
            position, latest = taken.to, scan
            for name in taken.milestones:
                if name == "customs_out":  # the last clearance counts, of all else the first
                    seen[name] = scan
                else:
                    seen.setdefault(name, scan)
    return Course(
        position,
        frozenset(flags),
        tuple(sorted((name, _stamp(scan)) for name, scan in seen.items())),
        _stamp(latest) if latest else None,
        in_order(scans[-1]),
    )


def _concluded(course: Course, timeless: Stamp | None, *, damage: bool) -> Folded:
    position, latest, milestones = course.position, course.latest, dict(course.milestones)
    if timeless is not None:
        to = _outdone(position, timeless.status)
        if to is not None:
            for name in milestones_of(timeless.status, to):
                milestones.setdefault(name, timeless)
            position, latest = to, timeless
    return Folded(
        status=position.status,
        leg=position.leg,
        flags=tuple(sorted(course.flags | {DAMAGED} if damage else course.flags)),
        reason=latest.reason if latest else None,
        milestones=milestones,
        latest=latest,
        course=course,
        timeless=timeless,
        timeless_damage=damage,
    )


def _outdone(here: Position, status: str) -> Position | None:
    """Where a scan without time leads: only onwards, since it may be as old as the parcel."""
    if here.leg == RETURN and status == "delivered":
        status = "returned"
    is_found_delivered = status == "delivered" and here.status == "lost"
    if advancement(status)[0] <= advancement(here.status)[0] and not is_found_delivered:
        return None
    leg = RETURN if status in ("returning", "returned") else here.leg
    return Position(state_of(status), leg, here.moved)


def _stamp(scan: Scan | Stamp) -> Stamp:
    if isinstance(scan, Stamp):
        return scan
    return Stamp(
        scan.key,
        scan.status,
        scan.reason,
        scan.local,
        scan.offset,
        scan.utc,
        precision=scan.precision,
        sort_at=scan.sort_at,
    )
