"""A fold as a JSON document and back, so that the next scan is added to it in constant time."""

from dataclasses import asdict
from typing import Any

from services.logistics.domain.tracking.fold import Course, Folded, Stamp
from services.logistics.domain.tracking.steps import Position

FoldedRow = dict[str, Any]


def folded_to_row(folded: Folded) -> FoldedRow:
    """JSON-able: texts, integers, lists and objects only."""
    course = folded.course
    return {
        "status": folded.status,
        "leg": folded.leg,
        "flags": list(folded.flags),
        "reason": folded.reason,
        "milestones": {name: asdict(stamp) for name, stamp in folded.milestones.items()},
        "latest": _written(folded.latest),
        "course": {
            "position": list(course.position),
            "flags": sorted(course.flags),
            "milestones": {name: asdict(stamp) for name, stamp in course.milestones},
            "latest": _written(course.latest),
            "last": list(course.last) if course.last else None,
        },
        "timeless": _written(folded.timeless),
        "timeless_damage": folded.timeless_damage,
    }


def folded_from_row(row: FoldedRow) -> Folded:
    """The inverse of `folded_to_row`."""
    course = row["course"]
    last = course["last"]
    return Folded(
        status=row["status"],
        leg=row["leg"],
        flags=tuple(row["flags"]),
        reason=row["reason"],
        milestones={name: Stamp(**stamp) for name, stamp in row["milestones"].items()},
        latest=_read(row["latest"]),
        course=Course(
            position=Position(*course["position"]),
            flags=frozenset(course["flags"]),
            milestones=tuple(
                sorted((name, Stamp(**stamp)) for name, stamp in course["milestones"].items())
            ),
            latest=_read(course["latest"]),
            last=(last[0], last[1], last[2], last[3], last[4]) if last else None,
        ),
        timeless=_read(row["timeless"]),
        timeless_damage=row["timeless_damage"],
    )


def _written(stamp: Stamp | None) -> dict[str, Any] | None:
    return asdict(stamp) if stamp else None


def _read(stamp: dict[str, Any] | None) -> Stamp | None:
    return Stamp(**stamp) if stamp else None
