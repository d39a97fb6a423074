"""An offer on an order: its token is verified, its terms, uses and budget are looked at again."""

from sqlalchemy.orm import Session

from chassis import tokens
from chassis.db import now
from chassis.http import FieldError, NotYetKnown, Problem
from contracts.logistics import AppliedOffer, QuoteClaims
from contracts.segmentation import OfferClaims, OfferTerms
from contracts.values import Money
from services.orders import queries
from services.orders.models import KnownOffer, OfferUse
from services.orders.schemas import NewOrder

_AT = "/offers/0"


def applied(session: Session, new: NewOrder, claims: QuoteClaims) -> AppliedOffer | None:
    """The offer this order uses; a Problem unless the quote was taken with exactly it.

    The quoted prices before discount were found to be the listed ones already.
    """
    if not new.offers and not claims.offers:
        return None
    if not new.offers or len(claims.offers) != 1:
        raise _refused("pass the same offer with the quote and with the order")
    given, quoted = _verified(session, new.offers[0]), claims.offers[0]
    row = _in_force(session, given, claims, new.buyer.buyer_id)
    terms = OfferTerms.model_validate_json(row.terms)
    if (quoted.offer_id, quoted.arm) != (given.offer_id, given.arm):
        raise _refused("the quote was taken with another offer")
    if not _holds(given, terms, claims, quoted):
        raise _refused("the quote's discount is not this offer's; quote anew with it")
    _check_uses(session, row, terms, given.buyer_id)
    _check_budget(session, row, quoted)
    return quoted


def keep_use(session: Session, order_id: str, buyer_id: str, used: AppliedOffer) -> None:
    session.add(
        OfferUse(
            order_id=order_id,
            offer_id=used.offer_id,
            buyer_id=buyer_id,
            discount_minor=used.discount.minor,
        )
    )


def _verified(session: Session, token: str) -> OfferClaims:
    try:
        kid = tokens.kid_of(token)
    except tokens.BadToken:
        raise _refused("it is malformed") from None
    public = queries.offer_key(session, kid)
    if public is None:
        raise NotYetKnown(_AT, f"the offer key {kid[:40]!r}")
    try:
        return OfferClaims.model_validate(tokens.verify(token, public))
    except (tokens.BadToken, ValueError):
        raise _refused("its signature does not hold") from None


def _in_force(
    session: Session, given: OfferClaims, claims: QuoteClaims, buyer_id: str | None
) -> KnownOffer:
    """Locked, so that two orders at once cannot both take the last use."""
    if given.tenant != claims.tenant:
        raise _refused("it was given by another merchant")
    if given.buyer_id != buyer_id:
        raise _refused("it was given to another buyer; pass its buyer as /buyer/buyer_id")
    row = queries.known_offer_for_update(session, given.offer_id)
    if row is None:
        raise NotYetKnown(_AT, f"the offer {given.offer_id}")
    if row.status != "published":
        raise _refused("it was withdrawn")
    if given.terms_sha256 != row.terms_sha256:
        raise _refused("its terms have changed; ask for the buyer's offers anew")
    terms = OfferTerms.model_validate_json(row.terms)
    if given.exp <= now().timestamp() or not terms.valid_from <= now() < terms.valid_to:
        raise _refused("it has ended; ask for the buyer's offers anew")
    return row


def _holds(
    given: OfferClaims, terms: OfferTerms, claims: QuoteClaims, quoted: AppliedOffer
) -> bool:
    """Whether each line, and all together, has exactly this offer's discount."""
    nothing = off = Money.of(0, quoted.discount.currency)
    for line in claims.lines:
        taken = line.discount or nothing
        covered = terms.covers(claims.market, line.sku)
        if taken != (given.discount_of(line.goods + taken) if covered else nothing):
            return False
        off += taken
    return off == quoted.discount


def _check_uses(session: Session, row: KnownOffer, terms: OfferTerms, buyer_id: str) -> None:
    used = queries.uses_of(session, row.offer_id, buyer_id)
    if used >= terms.uses_per_buyer:
        raise _refused(f"this buyer has used it {used} of {terms.uses_per_buyer} times")


def _check_budget(session: Session, row: KnownOffer, quoted: AppliedOffer) -> None:
    if row.budget_minor is None or quoted.discount.minor == 0:
        return
    if row.budget_currency != quoted.discount.currency:
        raise _refused(f"its budget is in {row.budget_currency}, this order is not")
    if queries.discounts_of(session, row.offer_id) + quoted.discount.minor > row.budget_minor:
        raise _refused("its budget is used up; quote without it")


def _refused(why: str) -> Problem:
    said = f"this offer cannot be used: {why}"
    error = FieldError(pointer=_AT, code="offer-invalid", message=said)
    return Problem(422, "offer-invalid", said, [error])
