"""Reviews as an operator sees them."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import Page, PageAsked, page_of
from services.servqual.domain.qualification.dossier import eligible_until
from services.servqual.domain.qualification.gates import (
    closed_for_approved,
    closed_for_provisional,
    gates,
)
from services.servqual.domain.qualification.ways import Actor, Status, allowed
from services.servqual.models.providers import Decision, Document, Provider
from services.servqual.queries import providers as known
from services.servqual.schemas.providers import (
    DecisionOut,
    GateOut,
    QualificationOut,
    WorkOut,
)


def qualification(session: Session, caller: Caller, provider_id: str) -> QualificationOut:
    return qualification_out(session, known.own_provider(session, caller, provider_id))


def qualification_out(session: Session, row: Provider) -> QualificationOut:
    at = now()
    dossier = known.dossier_of(session, row, at)
    found = gates(dossier, at.date())
    return QualificationOut(
        provider_id=row.provider_id,
        status=Status(row.status),
        eligible_until=eligible_until(dossier, at.date()),
        gates={name: GateOut(state=each.state, fact=each.fact) for name, each in found.items()},
        closed_for_provisional=closed_for_provisional(found),
        closed_for_approved=closed_for_approved(found),
        allowed=list(allowed(Status(row.status), Actor.OPERATOR)),
        documents=[
            known.document_out(each) for each in known.documents_of(session, row.provider_id)
        ],
        decisions=[decision_out(each) for each in known.decisions_of(session, row.provider_id)],
    )


def decision_out(row: Decision) -> DecisionOut:
    return DecisionOut.model_validate(known.fields(row, DecisionOut))


def worklist(session: Session, status: Status | None, asked: PageAsked) -> Page[WorkOut]:
    wanted = select(Provider)
    if status is not None:
        wanted = wanted.where(Provider.status == status)
    rows, following = page_of(session, wanted, Provider.provider_id, asked)
    return Page(data=[_work(session, row) for row in rows], next_cursor=following)


def _work(session: Session, row: Provider) -> WorkOut:
    at = now()
    waiting = select(func.count()).where(
        Document.provider_id == row.provider_id, Document.state == "submitted"
    )
    open_decisions = select(func.count()).where(
        Decision.provider_id == row.provider_id, Decision.confirmed_by.is_(None)
    )
    return WorkOut(
        provider_id=row.provider_id,
        title=row.title,
        status=Status(row.status),
        eligible_until=eligible_until(known.dossier_of(session, row, at), at.date()),
        documents_to_verify=session.scalar(waiting) or 0,
        decisions_to_confirm=session.scalar(open_decisions) or 0,
    )
