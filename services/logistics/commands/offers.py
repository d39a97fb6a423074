"""The offer that a quote is taken with: kept as heard, verified when it is passed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from chassis import tokens
from chassis.db import keep_newest
from chassis.http import FieldError, NotYetKnown, Problem
from contracts.segmentation import OfferChanged, OfferClaims, OfferKeyChanged, OfferTerms
from contracts.values import Money
from services.logistics.models.offers import KnownOffer, OfferKey
from services.logistics.queries import offers as queries

_AT = "/offers/0"


@dataclass(frozen=True)
class Applied:
    """What one buyer was promised, and on what."""

    claims: OfferClaims
    terms: OfferTerms

    def discount(self, market: str, sku: str, value: Money) -> Money | None:
        """Of a whole line; None where the offer does not cover it."""
        return self.claims.discount_of(value) if self.terms.covers(market, sku) else None


def keep_offer(session: Session, event: OfferChanged) -> None:
    keep_newest(
        session,
        KnownOffer,
        {"offer_id": event.offer_id},
        {"said": event.model_dump_json(), "sequence": event.sequence},
    )


def keep_offer_key(session: Session, event: OfferKeyChanged) -> None:
    keep_newest(
        session,
        OfferKey,
        {"kid": event.kid},
        {"public_key": event.public_key, "sequence": event.sequence},
    )


def applied(session: Session, tenant: str, token: str, at: datetime) -> Applied:
    """Raises a Problem for a word that cannot be used now. Uses and budget are the order's care."""
    claims = _verified(session, token)
    offer = queries.known_offer(session, claims.offer_id)
    if offer is None:
        raise NotYetKnown(_AT, f"the offer {claims.offer_id}")
    if why := claims.why_not(offer, tenant, at):
        raise _refused(why)
    return Applied(claims, offer.terms)


def _verified(session: Session, token: str) -> OfferClaims:
    try:
        kid = tokens.kid_of(token)
        public = queries.offer_key(session, kid)
        if public is None:
            raise NotYetKnown(_AT, f"the offer key {kid[:40]!r}")
        return OfferClaims.model_validate(tokens.verify(token, public))
    except (tokens.BadToken, ValueError):
        raise _refused("it is malformed, or its signature does not hold") from None


def _refused(why: str) -> Problem:
    said = f"this offer cannot be used: {why}"
    error = FieldError(pointer=_AT, code="offer-invalid", message=said)
    return Problem(422, "offer-invalid", said, [error])
