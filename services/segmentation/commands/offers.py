"""Offers: created against the published segments, published with frozen terms, withdrawn."""

import hashlib

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import Problem
from chassis.outbox import publish
from contracts.segmentation import OfferTerms
from contracts.values import canonical, new_id
from services.segmentation.commands.fits import wrong
from services.segmentation.domain.offers import margin_left
from services.segmentation.models import Offer, SegmentModel
from services.segmentation.queries import known, models, offers
from services.segmentation.schemas.offers import NewOffer, OfferOut


def create_offer(session: Session, caller: Caller, new: NewOffer) -> OfferOut:
    """A draft; its terms and their hash stand from here on."""
    _check_margin(new)
    model = _model_of(session, caller.tenant, new)
    terms = OfferTerms(
        kind=new.kind,
        title=new.title,
        depends_on_segment=model is not None,
        largest_pct=new.largest,
        markets=tuple(new.markets),
        skus=tuple(new.skus),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        uses_per_buyer=new.uses_per_buyer,
    ).model_dump(mode="json")
    row = Offer(
        offer_id=new_id("off"),
        tenant=caller.tenant,
        status="draft",
        version=1,
        model_id=None if model is None else model.model_id,
        asked=new.model_dump(mode="json"),
        terms=terms,
        terms_sha256=hashlib.sha256(canonical(terms)).hexdigest(),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return offers.offer_out(row)


def _check_margin(new: NewOffer) -> None:
    if new.margin is None:
        return
    left = margin_left(new.margin.gross_pct, new.largest)
    if left < new.margin.floor_pct:
        message = (
            f"{new.largest} % off leaves a margin of {left} %, and the floor is "
            f"{new.margin.floor_pct} %; make the offer smaller"
        )
        raise wrong("/margin/floor_pct", "beyond-margin", message)


def _model_of(session: Session, tenant: str, new: NewOffer) -> SegmentModel | None:
    """The published version, whose segments alone may be named. None for an offer to everybody."""
    if not new.depth_by_segment:
        return None
    row = models.published(session, tenant)
    if row is None:
        raise Problem(409, "no-segments", "no segment model is published; offer it to everybody")
    known_ids = {each["id"] for each in models.document_of(row)["segments"]}
    for segment in new.depth_by_segment:
        if segment not in known_ids:
            message = f"{segment} is no segment of version {row.version}"
            raise wrong(f"/depth_by_segment/{segment}", "unknown", message)
    return row


def publish_offer(session: Session, caller: Caller, offer_id: str) -> OfferOut:
    """Said to whoever checks its tokens. What has ended cannot begin."""
    row = offers.offer(session, caller.tenant, offer_id, lock=True)
    if row.status != "draft":
        raise Problem(409, "not-a-draft", f"this offer is {row.status}; only a draft is published")
    at = now()
    if row.valid_to <= at:
        raise Problem(409, "ended", "its validity has passed; create another one")
    merchant = known.merchant(session, caller.tenant)
    if merchant is not None and merchant.status == "suspended":
        raise Problem(403, "suspended", "this merchant is suspended; it offers nothing")
    row.status, row.published_at = "published", at
    row.version += 1
    session.flush()
    publish(session, offers.offer_changed(row))
    return offers.offer_out(row)


def withdraw_offer(session: Session, caller: Caller, offer_id: str) -> OfferOut:
    """Withdrawn twice is withdrawn once. Its result is still told after the end fixed before."""
    row = offers.offer(session, caller.tenant, offer_id, lock=True)
    if row.status == "withdrawn":
        return offers.offer_out(row)
    was_said = row.status == "published"
    row.status = "withdrawn"
    row.version += 1
    session.flush()
    if was_said:
        publish(session, offers.offer_changed(row))
    return offers.offer_out(row)
