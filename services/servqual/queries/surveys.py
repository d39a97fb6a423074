"""Invitations and responses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now, settings_of
from chassis.http import Page, PageAsked, page_of
from services.servqual.domain import invitations
from services.servqual.models.evidence import (
    Invitation,
    KnownMerchant,
    KnownShipment,
    Response,
)
from services.servqual.models.providers import Provider
from services.servqual.queries.providers import fields
from services.servqual.schemas.surveys import InvitationOut, ResponseOut

PACE_OF = timedelta(days=90)


@dataclass(frozen=True)
class Asked:
    """Of the last quarter."""

    concluded: int
    sent: int
    opened: int
    answered: int


def asked(session: Session, provider_id: str, at: datetime) -> Asked:
    since = at - invitations.QUARTER
    concluded = select(func.count()).where(
        KnownShipment.provider_id == provider_id, KnownShipment.ended_at > since
    )
    counts = session.execute(
        select(
            func.count(Invitation.sent_at),
            func.count(Invitation.opened_at),
            func.count().filter(Invitation.state == "answered"),
        ).where(Invitation.provider_id == provider_id, Invitation.drawn_at > since)
    ).one()
    return Asked(session.scalar(concluded) or 0, *counts)


def is_linked_to(session: Session, merchant_id: str, provider_id: str) -> bool:
    provider = session.get(Provider, provider_id)
    return provider is not None and is_linked(session, merchant_id, provider)


def is_linked(session: Session, merchant_id: str, provider: Provider) -> bool:
    """They share owner, tax id, domain or bank account."""
    merchant = session.get(KnownMerchant, merchant_id)
    if merchant is None:
        return False
    theirs = provider.fingerprints
    return any(theirs.get(sort) == print_ for sort, print_ in merchant.fingerprints.items())


def has_ended(session: Session, shipment_id: str) -> bool:
    row = session.get(KnownShipment, shipment_id)
    return row is not None and row.ended_at is not None


def was_asked(session: Session, person: str | None, since: datetime) -> bool:
    found = select(Invitation.invitation_id).where(
        Invitation.person == person, Invitation.sent_at > since
    )
    return person is not None and session.scalars(found.limit(1)).first() is not None


def due(session: Session, at: datetime, most: int) -> Sequence[Invitation]:
    found = select(Invitation).where(
        Invitation.state.in_(("drawn", "sent")), Invitation.due_at <= at
    )
    return session.scalars(found.order_by(Invitation.due_at).limit(most)).all()


def invitation_by_token(session: Session, token_hash: str) -> Invitation | None:
    found = select(Invitation).where(Invitation.token_hash == token_hash)
    return session.scalars(found.with_for_update()).first()


def response_to(session: Session, invitation_id: str) -> Response | None:
    found = select(Response).where(Response.invitation_id == invitation_id)
    return session.scalars(found).first()


def response_out(row: Response) -> ResponseOut:
    return ResponseOut.model_validate(fields(row, ResponseOut))


def pace(session: Session, provider_id: str, at: datetime) -> tuple[int, float]:
    """Responses of this day so far, and per day over the 90 before it."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    mine = select(func.count()).where(Response.provider_id == provider_id)
    today = session.scalar(mine.where(Response.submitted_at >= midnight)) or 0
    before = mine.where(
        Response.submitted_at < midnight, Response.submitted_at >= midnight - PACE_OF
    )
    return today, (session.scalar(before) or 0) / PACE_OF.days


def title_of(session: Session, provider_id: str) -> str:
    found = select(Provider.title).where(Provider.provider_id == provider_id)
    return session.scalars(found).first() or provider_id


def invitations_of(session: Session, caller: Caller, page: PageAsked) -> Page[InvitationOut]:
    """A merchant sees those sent to it, each with its link; an operator all, without."""
    wanted = select(Invitation)
    if caller.kind == "merchant":
        wanted = wanted.where(
            Invitation.tenant == caller.tenant, Invitation.state.not_in(("drawn", "skipped"))
        )
    rows, following = page_of(session, wanted, Invitation.invitation_id, page)
    links = caller.kind == "merchant"
    shown = [_invitation_out(session, row, links) for row in rows]
    return Page(data=shown, next_cursor=following)


def _invitation_out(session: Session, row: Invitation, links: bool) -> InvitationOut:
    open_now = row.state == "sent" and row.closes_at is not None and now() < row.closes_at
    return InvitationOut.model_validate(
        {name: getattr(row, name) for name in InvitationOut.model_fields if name != "url"}
        | {"url": _url(session, row) if links and open_now else None}
    )


def _url(session: Session, row: Invitation) -> str | None:
    """The token is made again with whichever live key made it."""
    settings = settings_of(session)
    for key in settings.master_keys:
        token = invitations.token(key, row.invitation_id)
        if invitations.token_hash(token) == row.token_hash:
            return f"{settings.public_url}/v1/surveys/{token}"
    return None
