"""An offer on an order: its token is verified, its terms, uses and budget are looked at again."""

from sqlalchemy.orm import Session

from chassis import tokens
from chassis.db import now
from chassis.http import FieldError, NotYetKnown, Problem
from contracts.logistics import AppliedOffer, QuoteClaims
from contracts.segmentation import OfferChanged, OfferClaims, OfferTerms
from contracts.values import Money
from services.orders import queries
from services.orders.models import OfferUse
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
    offer = _in_force(session, given, claims, new.buyer.buyer_id)
    if (quoted.offer_id, quoted.arm) != (given.offer_id, given.arm):
        raise _refused("the quote was taken with another offer")
    if not _holds(given, offer.terms, claims, quoted):
        raise _refused("the quote's discount is not this offer's; quote anew with it")
    _check_uses(session, offer, given.buyer_id)
    _check_budget(session, offer, quoted)
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
) -> OfferChanged:
    """Locked, so that two orders at once cannot both take the last use."""
    row = queries.known_offer_for_update(session, given.offer_id)
    if row is None:
        raise NotYetKnown(_AT, f"the offer {given.offer_id}")
    offer = OfferChanged.model_validate_json(row.said)
    if why := given.why_not(offer, claims.tenant, now()):
        raise _refused(why)
    if given.buyer_id != buyer_id:
        raise _refused("it was given to another buyer; pass its buyer as /buyer/buyer_id")
    return offer


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


def _check_uses(session: Session, offer: OfferChanged, buyer_id: str) -> None:
    used, most = queries.uses_of(session, offer.offer_id, buyer_id), offer.terms.uses_per_buyer
    if used >= most:
        raise _refused(f"this buyer has used it {used} of {most} times")


def _check_budget(session: Session, offer: OfferChanged, quoted: AppliedOffer) -> None:
    if offer.budget is None or quoted.discount.minor == 0:
        return
    if offer.budget.currency != quoted.discount.currency:
        raise _refused(f"its budget is in {offer.budget.currency}, this order is not")
    if queries.discounts_of(session, offer.offer_id) + quoted.discount.minor > offer.budget.minor:
        raise _refused("its budget is used up; quote without it")


def _refused(why: str) -> Problem:
    said = f"this offer cannot be used: {why}"
    error = FieldError(pointer=_AT, code="offer-invalid", message=said)
    return Problem(422, "offer-invalid", said, [error])
