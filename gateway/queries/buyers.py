"""What buyers agree to."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.http import not_found
from contracts.gateway import ConsentChanged
from gateway.models import Consent
from gateway.schemas.buyers import ConsentOut


def consent(session: Session, tenant: str, buyer_id: str) -> ConsentOut:
    row = session.get(Consent, (tenant, buyer_id))
    if row is None:
        raise not_found("consent")
    return consent_out(row)


def consent_for_update(session: Session, tenant: str, buyer_id: str) -> Consent | None:
    return session.get(Consent, (tenant, buyer_id), with_for_update=True)


def consents_changed(session: Session) -> Iterator[ConsentChanged]:
    rows = select(Consent).order_by(Consent.tenant, Consent.buyer_id)
    for row in session.scalars(rows.execution_options(yield_per=500)):
        yield consent_changed(row)


def consent_changed(row: Consent) -> ConsentChanged:
    return ConsentChanged(
        tenant=row.tenant, sequence=row.version, buyer_id=row.buyer_id, purposes=_purposes(row)
    )


def consent_out(row: Consent) -> ConsentOut:
    return ConsentOut(buyer_id=row.buyer_id, purposes=_purposes(row), changed_at=row.changed_at)


def _purposes(row: Consent) -> dict[str, datetime]:
    return {purpose: datetime.fromisoformat(since) for purpose, since in row.purposes.items()}
