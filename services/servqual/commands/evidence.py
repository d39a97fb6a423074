"""What was heard: merchants, bookings, how shipments ended; and whom that makes us ask."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis.db import insert_new, keep_newest, now, settings_of
from contracts.gateway import BuyerErased, MerchantChanged
from contracts.logistics import ShipmentBooked, ShipmentConcluded
from contracts.values import new_id
from services.servqual.domain import invitations
from services.servqual.domain.instrument.items import VERSION
from services.servqual.domain.telemetry import CONCLUDED
from services.servqual.models.evidence import Invitation, KnownMerchant, KnownShipment, Tender
from services.servqual.models.providers import Provider
from services.servqual.queries import surveys

_ENVELOPE = {"tenant", "sequence", "shipment_id", "order_id", "provider_id", "revision"}


def keep_merchant(session: Session, event: MerchantChanged) -> None:
    keep_newest(
        session,
        KnownMerchant,
        {"merchant_id": event.merchant_id},
        {
            "status": event.status,
            "fingerprints": dict(event.fingerprints),
            "sequence": event.sequence,
        },
    )


def keep_booked(session: Session, event: ShipmentBooked) -> None:
    """The shipment, and every tender of it: who took it, who had declined."""
    insert_new(
        session,
        KnownShipment.__table__,  # type: ignore[arg-type]
        shipment_id=event.shipment_id,
        tenant=event.tenant,
        order_id=event.order_id,
        provider_id=event.provider_id,
        lane=f"{event.origin}-{event.destination}",
        booked_at=now(),
        revision=0,
        status="booked",
        ended_at=None,
        heard_at=now(),
        reported_by="",
        told={},
    )
    for provider_id, declined in [(event.provider_id, None), *event.declined_by.items()]:
        insert_new(
            session,
            Tender.__table__,  # type: ignore[arg-type]
            shipment_id=event.shipment_id,
            provider_id=provider_id,
            at=now(),
            declined=declined and declined[:200],
        )


def keep_concluded(session: Session, event: ShipmentConcluded) -> None:
    """The highest revision stays. One that has not ended after all is no evidence any more."""
    row = session.get(KnownShipment, event.shipment_id, with_for_update=True)
    if row is None:
        row = KnownShipment(shipment_id=event.shipment_id, revision=0, booked_at=None)
        session.add(row)
    elif row.revision >= event.revision:
        return
    first = row.revision == 0
    row.tenant, row.order_id, row.provider_id = event.tenant, event.order_id, event.provider_id
    row.lane = _lane(event) or row.lane or ""
    row.revision, row.status, row.reported_by = event.revision, event.status, event.reported_by
    ended = event.status in CONCLUDED
    row.ended_at = (event.at or row.ended_at or now()) if ended else None
    row.heard_at = now()
    row.told = event.model_dump(mode="json", exclude=_ENVELOPE)
    session.flush()
    if first and event.reported_by != "import":
        _invite(session, row, now())


def _lane(event: ShipmentConcluded) -> str:
    if event.origin is None or event.destination is None:
        return ""
    return f"{event.origin}-{event.destination}"


def _invite(session: Session, row: KnownShipment, at: datetime) -> None:
    """If the draw says so. Who shares owner, tax id, domain or bank with it is no judge of it."""
    provider = session.get(Provider, row.provider_id)
    if provider is None or row.ended_at is None or row.status not in invitations.ASKED:
        return
    if surveys.is_linked(session, row.tenant, provider) or at - row.ended_at > invitations.LATEST:
        return
    counts = surveys.asked(session, row.provider_id, at)
    share = invitations.rate(counts.concluded, counts.sent, counts.answered)
    key = settings_of(session).master_keys[0]
    latest = settings_of(session).clocks.get("survey_wait", invitations.LATEST)
    drawn = invitations.draw(key, row.shipment_id, share, row.ended_at, latest)
    if drawn is None:
        return
    invitation_id = new_id("inv")
    insert_new(
        session,
        Invitation.__table__,  # type: ignore[arg-type]
        invitation_id=invitation_id,
        tenant=row.tenant,
        shipment_id=row.shipment_id,
        provider_id=row.provider_id,
        person=row.tenant,
        questionnaire=VERSION,
        form=drawn.form,
        rotation=drawn.rotation,
        token_hash=invitations.token_hash(invitations.token(key, invitation_id)),
        state="drawn",
        drawn_at=at,
        due_at=drawn.send_at,
    )


def advance_invitation(session: Session, row: Invitation, at: datetime) -> None:
    """Sent, reminded once, closed. Who was asked within the week is not asked again."""
    if row.state == "drawn":
        apart = settings_of(session).clocks.get("survey_apart", invitations.APART)
        if surveys.was_asked(session, row.person, at - apart):
            row.state, row.due_at = "skipped", None
            return
        row.state, row.sent_at = "sent", at
        row.closes_at = invitations.closes(at)
        row.due_at = invitations.reminds(at)
    elif row.closes_at is not None and at >= row.closes_at:
        row.state, row.due_at = "closed", None
    else:
        row.reminded_at, row.due_at = at, row.closes_at


def forget_buyer(session: Session, event: BuyerErased) -> None:
    """The link to the person goes; the answers stay."""
    session.execute(
        update(Invitation).where(Invitation.person == event.buyer_id).values(person=None)
    )


def forget_persons(session: Session, before: datetime) -> None:
    session.execute(
        update(Invitation)
        .where(Invitation.drawn_at < before, Invitation.person.is_not(None))
        .values(person=None)
    )


REMEMBERED = timedelta(days=396)  # 13 months
