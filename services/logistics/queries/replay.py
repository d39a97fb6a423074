"""A stored quote calculated again, at its own two times or at others."""

import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.http import FieldError, Problem, not_found
from services.logistics.domain.tariff.replay import REQUEST, again, differences, is_same
from services.logistics.models.tariff import TariffBatch
from services.logistics.queries import tariff
from services.logistics.schemas.replay import DifferenceOut, ReplayOut


def replay(
    session: Session,
    tenant: str,
    quote_id: str,
    valid_at: datetime | None,
    known_at: datetime | None,
) -> ReplayOut:
    row = tariff.quote(session, tenant, quote_id)
    if row.request is None:
        raise not_found("quote that was kept with its request")
    request, kept = REQUEST.validate_json(row.request), json.loads(row.answer)["ledger"]
    valid = valid_at or row.valid_at
    known = row.known_at if known_at is None else _batch_before(session, known_at)
    rules = tariff.rules_at(session, request.jurisdiction, valid, known)
    ledger = again(request, rules, valid)
    return ReplayOut(
        quote_id=quote_id,
        valid_at=valid,
        known_at=known,
        is_same=is_same(kept, ledger),
        differences=[
            DifferenceOut.model_validate(asdict(each)) for each in differences(kept, ledger)
        ],
        ledger=ledger,
    )


def _batch_before(session: Session, known_at: datetime) -> datetime:
    """Nothing becomes known between two batches."""
    before = select(func.max(TariffBatch.known_from)).where(TariffBatch.known_from <= known_at)
    found = session.scalar(before)
    if found is None:
        message = "no law was known then"
        error = FieldError(pointer="known_at", code="nothing-known", message=message)
        raise Problem(422, "nothing-known", message, [error])
    return found
