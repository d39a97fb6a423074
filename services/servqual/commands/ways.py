"""The ways of a provider: who brings it where, with the gates as they stood."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import FieldError, Problem
from chassis.outbox import publish
from contracts.values import new_id
from services.servqual.domain.qualification import gates as gate
from services.servqual.domain.qualification.dossier import REQUIRED, Dossier, lapsed
from services.servqual.domain.qualification.ways import (
    CARRYING,
    Actor,
    Refused,
    Status,
    Way,
    needs_second,
    way,
)
from services.servqual.models.providers import Provider, Transition
from services.servqual.queries import providers as known
from services.servqual.schemas.providers import ProviderOut, TransitionAsked

_REFUSALS = {
    "illegal": (409, "not-possible"),
    "actor": (409, "not-possible"),
    "reason": (422, "invalid"),
    "person": (403, "same-person"),
}
SYSTEM = "system"


@dataclass(frozen=True)
class Step:
    """Who goes it, and why; `second` is who confirmed it."""

    actor: Actor
    by: str
    reason: str = ""
    second: str | None = None


def person(caller: Caller) -> str:
    """Whom a second person must differ from. All operators are of one subject: the key tells."""
    return caller.credential or caller.subject


def move(session: Session, caller: Caller, provider_id: str, asked: TransitionAsked) -> ProviderOut:
    """What one person may do alone. Two decide by `/qualifications/{provider_id}/decisions`."""
    row = known.own_provider(session, caller, provider_id, lock=True)
    actor = Actor.PROVIDER if caller.kind == "provider" else Actor.OPERATOR
    found = check_way(row, asked.to, actor, asked.reason)
    if needs_second(found, actor):
        raise Problem(
            403, "second-person",
            f"this needs two persons: propose it at /v1/qualifications/{provider_id}/decisions",
        )  # fmt: skip
    go(session, row, asked.to, Step(actor, person(caller), asked.reason), found)
    return known.provider_out(session, row)


def check_way(row: Provider, to: Status, actor: Actor, reason: str) -> Way:
    found = way(Status(row.status), to, actor, reason)
    if isinstance(found, Refused):
        raise refusal(row, found)
    return found


def refusal(row: Provider, found: Refused) -> Problem:
    status, code = _REFUSALS[found.why]
    if found.why == "reason":
        message = "say why"
        error = FieldError(pointer="/reason", code="missing", message=message)
        return Problem(status, code, message, [error])
    if found.why == "person":
        return Problem(status, code, "the second person is another one than the first")
    allowed = ", ".join(found.allowed) or "nothing"
    return Problem(status, code, f"{row.provider_id} is {row.status}; allowed: {allowed}")


def go(session: Session, row: Provider, to: Status, step: Step, found: Way) -> None:
    """Raises a 409 Problem that names what stands in the way."""
    dossier = known.dossier_of(session, row, now())
    _check_asked(dossier, found, now())
    before = row.status
    row.status = to.value
    row.suspended_from = before if to == Status.SUSPENDED else None
    row.lapsed = to == Status.SUSPENDED and step.actor == Actor.SYSTEM
    keep_transition(session, row, before, step, dossier)
    row.version += 1
    session.flush()
    publish(session, known.provider_changed(session, row))


def _check_asked(dossier: Dossier, found: Way, at: datetime) -> None:
    on = at.date()
    shut: dict[str, str] = {}
    if found.asked == "documents":
        shown = {each.kind for each in dossier.documents if each.state != "refused"}
        shut = {kind: "not uploaded" for kind in REQUIRED if kind not in shown}
    elif found.asked == "provisional":
        shut = gate.closed_for_provisional(gate.gates(dossier, on))
    elif found.asked == "approved":
        shut = gate.closed_for_approved(gate.gates(dossier, on))
    if shut:
        errors = [
            FieldError(pointer=name, code="closed", message=why) for name, why in shut.items()
        ]
        raise Problem(409, "gates-closed", f"closed: {', '.join(sorted(shut))}", errors)


def keep_transition(
    session: Session, row: Provider, before: str | None, step: Step, dossier: Dossier | None = None
) -> None:
    stood = gate.gates(dossier, now().date()) if dossier else {}
    session.add(
        Transition(
            transition_id=new_id("trn"),
            provider_id=row.provider_id,
            at=now(),
            came_from=before,
            to=row.status,
            actor=step.actor.value,
            by=step.by,
            second=step.second,
            reason=step.reason,
            evidence={name: [each.state, each.fact] for name, each in stood.items()},
        )
    )
    session.flush()


def follow_dates(session: Session, row: Provider, at: datetime) -> bool:
    """Writes what the dates have done already: a lapse suspends, a renewal brings back.

    Only who lapsed comes back by itself, and to where it was.
    """
    missing = lapsed(known.dossier_of(session, row, at), at.date())
    if row.status in CARRYING and missing:
        reason = f"no longer in force: {', '.join(missing)}"
        _go_by_rule(session, row, Status.SUSPENDED, reason)
        return True
    if row.status == Status.SUSPENDED and row.lapsed and not missing:
        to = Status(row.suspended_from or Status.PROVISIONAL)
        _go_by_rule(session, row, to, "what had lapsed is in force again")
        return True
    return False


def _go_by_rule(session: Session, row: Provider, to: Status, reason: str) -> None:
    found = check_way(row, to, Actor.SYSTEM, reason)
    step = Step(Actor.SYSTEM, SYSTEM, reason)
    if to != Status.SUSPENDED:
        found = Way(found.by)  # approval stands; only what had lapsed was asked
    go(session, row, to, step, found)
