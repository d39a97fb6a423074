"""Offers: whom they reach, what a buyer is offered, what was bought meanwhile."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import tokens
from chassis.db import now, settings_of
from chassis.http import Page, PageAsked, Problem, not_found, page_of
from contracts.event import Event
from contracts.segmentation import OfferChanged, OfferClaims, OfferTerms
from services.segmentation.domain.offers import Arm, arm_of, depth_of, margin_left
from services.segmentation.models import Membership, Offer, OrderFact
from services.segmentation.queries import known
from services.segmentation.schemas.offers import (
    NewOffer,
    OfferOut,
    PreviewOut,
    SignedOffer,
    SignedOffers,
)

TOKEN_LIFE = timedelta(hours=24)
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Standing:
    """One subject under one offer; `depth` is what it would get were it not held out."""

    subject: str
    shares: dict[str, float]
    arm: Arm
    depth: Decimal


def offer(session: Session, tenant: str, offer_id: str, *, lock: bool = False) -> Offer:
    found = select(Offer).where(Offer.offer_id == offer_id, Offer.tenant == tenant)
    row = session.scalars(found.with_for_update() if lock else found).first()
    if row is None:
        raise not_found("offer")
    return row


def show_offer(session: Session, tenant: str, offer_id: str) -> OfferOut:
    return offer_out(offer(session, tenant, offer_id))


def offers(session: Session, tenant: str, asked: PageAsked) -> Page[OfferOut]:
    wanted = select(Offer).where(Offer.tenant == tenant)
    rows, following = page_of(session, wanted, Offer.offer_id, asked)
    return Page(data=[offer_out(row) for row in rows], next_cursor=following)


def offer_out(row: Offer) -> OfferOut:
    asked = NewOffer.model_validate(row.asked)
    return OfferOut(
        offer_id=row.offer_id,
        status=row.status,
        version=row.version,
        model_id=row.model_id,
        terms=OfferTerms.model_validate(row.terms),
        terms_sha256=row.terms_sha256,
        hold_out_share=asked.hold_out_share,
        budget=asked.budget,
        created_at=row.created_at,
        published_at=row.published_at,
    )


def offer_changed(row: Offer) -> OfferChanged:
    return OfferChanged(
        tenant=row.tenant,
        sequence=row.version,
        offer_id=row.offer_id,
        status="published" if row.status == "published" else "withdrawn",
        terms=OfferTerms.model_validate(row.terms),
        terms_sha256=row.terms_sha256,
        budget=NewOffer.model_validate(row.asked).budget,
    )


def states(session: Session) -> Iterator[Event]:
    """Every offer that was ever said, for hearers that start late."""
    said = select(Offer).where(Offer.published_at.is_not(None)).order_by(Offer.offer_id)
    for row in session.scalars(said):
        yield offer_changed(row)


def standing(asked: NewOffer, offer_id: str, subject: str, shares: dict[str, float]) -> Standing:
    if asked.depth_pct is not None:
        depths, weighed = {"all": asked.depth_pct}, {"all": 1.0}
    else:
        depths, weighed = asked.depth_by_segment, shares
    depth = depth_of(weighed, depths, asked.largest, asked.step_pct)
    return Standing(subject, shares, arm_of(offer_id, subject, asked.hold_out_share), depth)


def audience(session: Session, row: Offer) -> Iterator[Standing]:
    """Everybody it was meant for, both arms: those whom a depth above 0 was due.

    By segment: the subjects of its frozen version, without the unusual. To everybody: the buyers
    heard of before it was published.
    """
    asked = NewOffer.model_validate(row.asked)
    for subject, shares in _subjects(session, row):
        found = standing(asked, row.offer_id, subject, shares)
        if found.depth > _NOTHING:
            yield found


def _subjects(session: Session, row: Offer) -> Iterator[tuple[str, dict[str, float]]]:
    if row.model_id is not None:
        members = select(Membership.subject, Membership.shares).where(
            Membership.tenant == row.tenant,
            Membership.model_id == row.model_id,
            Membership.is_unusual.is_(False),
        )
        yield from session.execute(members.order_by(Membership.subject))
        return
    buyers = select(OrderFact.buyer_id).where(
        OrderFact.tenant == row.tenant, OrderFact.recorded_at < (row.published_at or now())
    )
    for buyer in session.scalars(buyers.distinct().order_by(OrderFact.buyer_id)):
        yield buyer, {}


def preview(session: Session, tenant: str, offer_id: str) -> PreviewOut:
    row = offer(session, tenant, offer_id)
    asked = NewOffer.model_validate(row.asked)
    reached = list(audience(session, row))
    depths = Counter(each.depth for each in reached)
    margin = asked.margin
    return PreviewOut(
        subjects=len(reached),
        held_out=sum(each.arm == "hold_out" for each in reached),
        unusual=_unusual(session, row),
        consenting=known.consenting(session, tenant, row.model_id) if row.model_id else None,
        depths={str(depth): depths[depth] for depth in sorted(depths)},
        margin_left_pct=margin_left(margin.gross_pct, asked.largest) if margin else None,
    )


def _unusual(session: Session, row: Offer) -> int:
    found = (
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.tenant == row.tenant,
            Membership.model_id == row.model_id,
            Membership.is_unusual.is_(True),
        )
    )
    return session.execute(found).scalar_one()


def signed_offers(session: Session, tenant: str, buyer: str, market: str) -> SignedOffers:
    """What stands for this buyer now. Erased buyers and suspended merchants: nothing."""
    at = now()
    merchant = known.merchant(session, tenant)
    is_suspended = merchant is not None and merchant.status == "suspended"
    if is_suspended or known.is_erased(session, tenant, buyer):
        return SignedOffers(buyer=buyer, data=[])
    found = [
        _signed(session, row, each, at)
        for row in _in_force(session, tenant, market, at)
        if (each := _of_buyer(session, row, buyer)) is not None and each.depth > _NOTHING
    ]
    return SignedOffers(buyer=buyer, data=found)


def _in_force(session: Session, tenant: str, market: str, at: datetime) -> list[Offer]:
    found = (
        select(Offer)
        .where(
            Offer.tenant == tenant,
            Offer.status == "published",
            Offer.valid_from <= at,
            Offer.valid_to > at,
        )
        .order_by(Offer.offer_id)
    )
    return [
        row
        for row in session.scalars(found)
        if not row.terms["markets"] or market in row.terms["markets"]
    ]


def _of_buyer(session: Session, row: Offer, buyer: str) -> Standing | None:
    """None for a buyer whom its segments do not hold, or who is like nobody of training."""
    asked = NewOffer.model_validate(row.asked)
    if row.model_id is None:
        return standing(asked, row.offer_id, buyer, {})
    member = session.get(Membership, (row.model_id, buyer))
    if member is None or member.is_unusual or member.tenant != row.tenant:
        return None
    return standing(asked, row.offer_id, buyer, member.shares)


def _signed(session: Session, row: Offer, each: Standing, at: datetime) -> SignedOffer:
    key = tokens.signing_key(session, settings_of(session).master_keys, at)
    if key is None:
        raise Problem(503, "no-offer-key", "no key to sign with yet", headers={"Retry-After": "1"})
    expires = min(at + TOKEN_LIFE, row.valid_to)
    depth = each.depth if each.arm == "offer" else _NOTHING
    claims = OfferClaims(
        offer_id=row.offer_id,
        tenant=row.tenant,
        buyer_id=each.subject,
        arm=each.arm,
        depth_pct=depth,
        terms_sha256=row.terms_sha256,
        iat=int(at.timestamp()),
        exp=int(expires.timestamp()),
    )
    return SignedOffer(
        offer_id=row.offer_id,
        title=row.terms["title"],
        arm=each.arm,
        depth_pct=depth,
        depends_on_segment=row.terms["depends_on_segment"],
        token=tokens.sign(claims.model_dump(mode="json"), key),
        expires_at=expires,
    )
