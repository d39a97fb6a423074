"""Reviews: checks that were made, decisions of two persons."""

from datetime import date

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import FieldError, Problem
from contracts.values import new_id
from services.servqual.commands import ways
from services.servqual.commands.providers import say
from services.servqual.domain.qualification.gates import GATES, NEVER_WAIVED
from services.servqual.domain.qualification.ways import Actor, Status, confirm, needs_second
from services.servqual.models.providers import Check, Decision
from services.servqual.queries import providers as known
from services.servqual.queries import qualification as reviews
from services.servqual.schemas.providers import (
    CheckIn,
    DecisionAsked,
    DecisionOut,
    QualificationOut,
)


def add_check(
    session: Session, caller: Caller, provider_id: str, made: CheckIn
) -> QualificationOut:
    """An open hit, or a screening renewed, acts on the provider at once."""
    row = known.provider(session, provider_id, lock=True)
    if made.on > now().date():
        raise _wrong("/on", "future", "a check was made on a day that has come")
    session.add(
        Check(
            check_id=new_id("chk"),
            provider_id=provider_id,
            kind=made.kind,
            on=made.on,
            found=made.model_dump(mode="json", exclude={"kind", "on"}),
            by=ways.person(caller),
        )
    )
    session.flush()
    ways.follow_dates(session, row, now())
    say(session, row)
    return reviews.qualification_out(session, row)


def propose(
    session: Session, caller: Caller, provider_id: str, asked: DecisionAsked
) -> DecisionOut:
    row = known.provider(session, provider_id, lock=True)
    if asked.to is not None:
        found = ways.check_way(row, asked.to, Actor.OPERATOR, asked.reason)
        if not needs_second(found, Actor.OPERATOR):
            detail = f"one person is enough: /v1/providers/{provider_id}/transitions"
            raise Problem(409, "one-person", detail)
    else:
        _check_waiver(asked.waive or "", asked.until, now().date())
    made = Decision(
        decision_id=new_id("dec"),
        provider_id=provider_id,
        to=asked.to,
        gate=asked.waive,
        until=asked.until,
        reason=asked.reason,
        proposed_by=ways.person(caller),
        proposed_at=now(),
        confirmed_by=None,
        confirmed_at=None,
    )
    session.add(made)
    session.flush()
    return reviews.decision_out(made)


def _check_waiver(gate: str, until: date | None, on: date) -> None:
    if gate not in GATES:
        raise _wrong("/waive", "unknown", f"a gate is one of {', '.join(GATES)}")
    if gate in NEVER_WAIVED:
        raise _wrong("/waive", "never", f"{gate} cannot be waived")
    if until is None or until < on:
        raise _wrong("/until", "past", "a waiver ends on a day to come")


def confirm_decision(
    session: Session, caller: Caller, provider_id: str, decision_id: str
) -> DecisionOut:
    """The gates are looked at now, not when it was proposed. Confirmed twice changes nothing."""
    row = known.provider(session, provider_id, lock=True)
    made = known.decision(session, provider_id, decision_id)
    second = ways.person(caller)
    if refused := confirm(made.proposed_by, second):
        raise ways.refusal(row, refused)
    if made.confirmed_by is not None:
        return reviews.decision_out(made)
    made.confirmed_by = second
    made.confirmed_at = now()
    session.flush()
    if made.to is None:
        ways.follow_dates(session, row, now())
        say(session, row)
    else:
        to = Status(made.to)
        found = ways.check_way(row, to, Actor.OPERATOR, made.reason)
        step = ways.Step(Actor.OPERATOR, made.proposed_by, made.reason, second)
        ways.go(session, row, to, step, found)
    return reviews.decision_out(made)


def _wrong(pointer: str, code: str, message: str) -> Problem:
    error = FieldError(pointer=pointer, code=code, message=message)
    return Problem(422, "invalid", message, [error])
