"""A survey opened and answered, once, by whoever holds its token."""

import hashlib
import math
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis.db import now, settings_of
from chassis.http import FieldError, Problem
from contracts.values import canonical, new_id
from services.servqual.domain import invitations
from services.servqual.domain.evidence.quality import flags, quality
from services.servqual.domain.instrument import Answers, Form, faults, form_of
from services.servqual.models.evidence import Invitation, Response
from services.servqual.queries import surveys
from services.servqual.schemas.surveys import AnswersIn, NewResponse, ResponseOut

SPEAKS_AFTER = timedelta(days=14)  # until then the provider may file its own view


def open_survey(session: Session, token: str) -> Invitation:
    """The first opening is kept; raises a 410 Problem for a token unknown, used or closed."""
    row = _invitation(session, token)
    if row.state != "sent" or (row.closes_at is not None and now() >= row.closes_at):
        raise _gone()
    row.opened_at = row.opened_at or now()
    session.flush()
    return row


def answer(session: Session, new: NewResponse) -> ResponseOut:
    """The same body again is answered as stored; another one is a 409."""
    at = now()
    row = _invitation(session, new.token)
    given = new.answers.model_dump(mode="json")
    said = hashlib.sha256(canonical(given)).hexdigest()
    stored = surveys.response_to(session, row.invitation_id)
    if stored is not None:
        if stored.answers_sha256 != said:
            raise Problem(409, "answered", "this survey was answered already, and otherwise")
        return surveys.response_out(stored)
    _check_open(session, row, at)
    form = form_of(row.form, row.rotation)  # type: ignore[arg-type]  # stored from a Form
    check_answers(form, new.answers)
    made = _response(session, row, new, at)
    made.answers, made.answers_sha256 = given, said
    session.add(made)
    row.state, row.due_at = "answered", None
    session.flush()
    return surveys.response_out(made)


def check_answers(form: Form, given: AnswersIn) -> None:
    """Raises a 422 Problem that names every fault."""
    zone = {name: (level.minimum, level.desired) for name, level in given.zone.items()}
    found = faults(
        form,
        Answers(given.perception, given.expectation, given.importance, zone, given.satisfaction),
    )
    if found:
        errors = [
            FieldError(pointer=f"/answers{each.pointer}", code=each.code, message=each.message)
            for each in found
        ]
        raise Problem(422, "invalid", "; ".join(each.message for each in errors[:3]), errors)


def _check_open(session: Session, row: Invitation, at: datetime) -> None:
    if row.state != "sent" or (row.closes_at is not None and at >= row.closes_at):
        raise _gone()
    if surveys.is_linked_to(session, row.tenant, row.provider_id):
        raise Problem(403, "self-rating", "nobody rates a provider of its own")
    if not surveys.has_ended(session, row.shipment_id):
        raise Problem(409, "not-concluded", "this shipment has not ended after all")


def _response(session: Session, row: Invitation, new: NewResponse, at: datetime) -> Response:
    levels = [*new.answers.perception.values(), *new.answers.expectation.values()]
    took_s = (at - row.opened_at).total_seconds() if row.opened_at else math.inf
    today, daily_mean = surveys.pace(session, row.provider_id, at)
    found = sorted(flags(levels, took_s, today + 1, daily_mean))
    return Response(
        response_id=new_id("rsp"),
        invitation_id=row.invitation_id,
        tenant=row.tenant,
        provider_id=row.provider_id,
        questionnaire=row.questionnaire,
        form=row.form,
        language=new.language,
        opened_at=row.opened_at,
        submitted_at=at,
        speaks_at=at + settings_of(session).clocks.get("survey_speaks", SPEAKS_AFTER),
        flags=found,
        quality=quality(found),
    )


def _invitation(session: Session, token: str) -> Invitation:
    row = surveys.invitation_by_token(session, invitations.token_hash(token))
    if row is None:
        raise _gone()
    return row


def _gone() -> Problem:
    return Problem(410, "gone", "this survey is unknown, closed, or answered already")
