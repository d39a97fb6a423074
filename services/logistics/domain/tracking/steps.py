"""The rules of the fold as one table: (where a parcel is, what a scan says) -> where it is then."""

from functools import cache
from typing import NamedTuple

from services.logistics.domain.tracking.status import advancement, phase_of

OUTBOUND, RETURN = "outbound", "return"
DAMAGED = "damaged"
CANCELLED_AFTER_MOVEMENT = "cancelled_after_movement"
USED_AFTER_CANCEL = "used_after_cancel"
SCAN_AFTER_END = "scan_after_end"
FOUND = "found"


class Position(NamedTuple):
    """Where a parcel is on its way; `moved` once a carrier has had it in hand."""

    status: str
    leg: str
    moved: bool


class Step(NamedTuple):
    """What one scan does: `applies` if it says the state anew, even the same one."""

    to: Position
    flag: str | None = None
    applies: bool = False
    milestones: tuple[str, ...] = ()


START = Position("awaiting_data", OUTBOUND, moved=False)


@cache
def step(here: Position, status: str) -> Step:
    """The first rule that fits, in the order of the design's list."""
    for rule in (
        _says_nothing_of_the_way,
        _on_the_return_leg,
        _announced,
        _cancelled,
        _paused,
        _sent_back,
        _after_the_end,
    ):
        found = rule(here, status)
        if found is not None:
            break
    else:
        found = _moved(here, status)
    return found._replace(milestones=milestones_of(status, found.to)) if found.applies else found


def _says_nothing_of_the_way(here: Position, status: str) -> Step | None:
    if phase_of(status) is not None:
        return None
    return Step(here, flag=DAMAGED if status == "damaged" else None)


def _on_the_return_leg(here: Position, status: str) -> Step | None:
    if here.leg != RETURN:
        return None
    is_back = status in ("delivered", "returned")
    if here.status == "returned":
        return Step(here, flag=None if is_back else SCAN_AFTER_END)
    if is_back:
        return _on(here, "returned")
    if here.status == "lost":
        return Step(here)
    if status == "lost":
        return _on(here, "lost")
    return _on(here, "returning") if advancement(status)[0] >= 3 else None


def _announced(here: Position, status: str) -> Step | None:
    if status == "awaiting_data":
        return Step(here, applies=here.status == "awaiting_data")
    if status != "label_created":
        return None
    if here.moved or here.status == "cancelled":
        return Step(here)
    return _on(here, "label_created")


def _cancelled(here: Position, status: str) -> Step | None:
    if status != "cancelled":
        return None
    return Step(here, CANCELLED_AFTER_MOVEMENT) if here.moved else _on(here, "cancelled")


def _paused(here: Position, status: str) -> Step | None:
    if status not in ("delayed", "on_hold"):
        return None
    if here.status in ("delivered", "lost", "cancelled"):
        return Step(here, SCAN_AFTER_END)
    return _on(here, status)


def _sent_back(here: Position, status: str) -> Step | None:
    if status not in ("returning", "returned"):
        return None
    return _moved(here, status, leg=RETURN)


def _after_the_end(here: Position, status: str) -> Step | None:
    if here.status == "delivered":
        return Step(here, None if status == "delivered" else SCAN_AFTER_END)
    if here.status != "lost":
        return None
    # Only movements come this far, so what is left of the rule for a lost parcel is being found.
    return Step(here) if status == "lost" else _moved(here, status)._replace(flag=FOUND)


def _moved(here: Position, status: str, leg: str | None = None) -> Step:
    flag = USED_AFTER_CANCEL if here.status == "cancelled" else None
    to = Position(state_of(status), leg or here.leg, moved=True)
    return Step(to, flag, applies=True)


def _on(here: Position, status: str) -> Step:
    """Says the state without being movement."""
    return Step(here._replace(status=status), applies=True)


def state_of(status: str) -> str:
    """A clearance sends the parcel on: its state is in_transit."""
    return "in_transit" if status == "customs_cleared" else status


_MILESTONES = {
    "picked_up": ("picked_up",),
    "customs_hold": ("customs_in",),
    "customs_cleared": ("customs_out",),
    "attempt_failed": ("first_attempt",),
    "delivered": ("first_attempt", "delivered"),
}


def milestones_of(status: str, to: Position) -> tuple[str, ...]:
    """What a step to `to` reaches; a return leg has one milestone, its end."""
    if to.leg == RETURN:
        return ("returned",) if to.status == "returned" else ()
    return _MILESTONES.get(status, ())
