"""Routes of reviews: parse, call one command or query, return."""

from fastapi import APIRouter

from chassis.caller import Operator
from chassis.http import Db, Page, PageQuery
from chassis.idempotency import Once
from services.servqual.api.providers import Named, Registrar
from services.servqual.commands import providers, qualification
from services.servqual.domain.qualification.ways import Status
from services.servqual.queries import qualification as queries
from services.servqual.schemas.providers import (
    CheckIn,
    DecisionAsked,
    DecisionOut,
    DocumentOut,
    DocumentVerdict,
    QualificationOut,
    WorkOut,
)

router = APIRouter(prefix="/qualifications", tags=["qualifications"])


@router.get("")
async def worklist(
    asked: PageQuery, _: Operator, db: Db, status: Status | None = None
) -> Page[WorkOut]:
    return await db.read(queries.worklist, status, asked)


@router.get("/{provider_id}")
async def show(provider_id: Named, caller: Registrar, db: Db) -> QualificationOut:
    """Every gate with its fact; for an operator, and for the provider itself."""
    return await db.read(queries.qualification, caller, provider_id)


@router.post("/{provider_id}/documents/{document_id}")
async def decide_document(
    provider_id: Named, document_id: Named, given: DocumentVerdict, caller: Operator, db: Db
) -> DocumentOut:
    return await db.write(providers.decide_document, caller, provider_id, document_id, given)


@router.post("/{provider_id}/checks", status_code=201)
async def add_check(
    provider_id: Named, made: CheckIn, caller: Operator, once: Once
) -> QualificationOut:
    """A screening, a check of a channel, an audit."""
    return await once.write(qualification.add_check, caller, provider_id, made)


@router.post("/{provider_id}/decisions", status_code=201)
async def propose(
    provider_id: Named, asked: DecisionAsked, caller: Operator, once: Once
) -> DecisionOut:
    """What needs two persons: it waits for the second one."""
    return await once.write(qualification.propose, caller, provider_id, asked)


@router.post("/{provider_id}/decisions/{decision_id}/confirm")
async def confirm(provider_id: Named, decision_id: Named, caller: Operator, db: Db) -> DecisionOut:
    return await db.write(qualification.confirm_decision, caller, provider_id, decision_id)
