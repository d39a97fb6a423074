"""What servqual has said of providers: who may carry, and how well each does it."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.db import now
from contracts.servqual import ProviderChanged, RatingChanged
from services.logistics.domain.shipping.gates import Standing
from services.logistics.models.shipping import KnownProvider, KnownRating, Shipment

_WEEK = timedelta(days=7)


def ratings(session: Session) -> dict[str, RatingChanged]:
    """By provider; of whom nothing was heard is absent."""
    found = select(KnownRating.provider_id, KnownRating.said)
    return {name: RatingChanged.model_validate_json(said) for name, said in session.execute(found)}


def standings(session: Session) -> dict[str, Standing]:
    """Of the providers that servqual has spoken of."""
    return {
        row.provider_id: _standing(session, row) for row in session.scalars(select(KnownProvider))
    }


def _standing(session: Session, row: KnownProvider) -> Standing:
    if row.said is None:
        return Standing(row.status, row.eligible_until)
    said = ProviderChanged.model_validate_json(row.said)
    capped = said.weekly_cap is not None
    return Standing(
        status=said.status,
        eligible_until=said.eligible_until,
        insured_up_to=said.insured_up_to,
        weekly_cap=said.weekly_cap,
        has_capacity=said.gates.get("capacity") != "fail",
        capabilities=said.capabilities,
        booked_in_week=_booked_in_week(session, row.provider_id) if capped else 0,
    )


def _booked_in_week(session: Session, provider: str) -> int:
    """Parcels asked of it or booked with it, by every merchant: its cap is the platform's."""
    found = select(func.sum(Shipment.parcels)).where(
        Shipment.provider == provider,
        Shipment.booking.in_(("asking", "booked")),
        Shipment.created_at > now() - _WEEK,
    )
    return session.scalar(found) or 0


def clears_customs(session: Session, provider: str, service: str) -> bool:
    """As the provider last said it can in this service."""
    row = session.get(KnownProvider, provider)
    if row is None or row.said is None:
        return False
    said = ProviderChanged.model_validate_json(row.said)
    return any(each.service == service and each.customs_brokerage for each in said.capabilities)
