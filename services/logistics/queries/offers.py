"""Offers as they were last heard."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.segmentation import OfferChanged
from services.logistics.models.offers import KnownOffer, OfferKey


def known_offer(session: Session, offer_id: str) -> OfferChanged | None:
    row = session.get(KnownOffer, offer_id)
    return None if row is None else OfferChanged.model_validate_json(row.said)


def offer_key(session: Session, kid: str) -> str | None:
    return session.scalars(select(OfferKey.public_key).where(OfferKey.kid == kid)).first()
