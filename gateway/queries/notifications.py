"""Contacts, templates, and the log of notifications."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from chassis.crypto import unseal
from chassis.http import Page, not_found, page_of
from contracts.event import PLATFORM
from gateway.domain.notifications import Wording
from gateway.models import Contact, EarlyFact, Notification, NotificationTemplate
from gateway.schemas.notifications import (
    ContactOut,
    NotificationOut,
    NotificationsAsked,
    TemplateGiven,
    TemplateList,
)

Wordings = dict[str, Wording]  # by language


def contact(
    session: Session, masters: Sequence[bytes], tenant: str, audience: str, subject: str
) -> ContactOut:
    return contact_out(contact_for_update(session, tenant, audience, subject), masters)


def contact_for_update(session: Session, tenant: str, audience: str, subject: str) -> Contact:
    row = session.get(Contact, (tenant, audience, subject), with_for_update=True)
    if row is None:
        raise not_found("contact")
    return row


def contact_out(row: Contact, masters: Sequence[bytes]) -> ContactOut:
    return ContactOut(
        audience="buyer" if row.audience == "buyer" else "merchant",
        subject=row.subject,
        address=address_of(row, masters),
        language=row.language,
        opted_out=row.opted_out,
    )


def address_of(row: Contact, masters: Sequence[bytes]) -> str:
    return unseal(
        row.address, masters, sealed_about(row.tenant, row.audience, row.subject)
    ).decode()


def sealed_about(tenant: str, audience: str, subject: str) -> str:
    return f"{tenant} {audience} {subject}"


def writes_to_buyers(session: Session, tenant: str) -> bool:
    wanted = exists().where(
        NotificationTemplate.tenant == tenant, NotificationTemplate.audience == "buyer"
    )
    return bool(session.execute(select(wanted)).scalar())


def contacts_meant(session: Session, tenant: str, buyer_id: str | None) -> list[Contact]:
    """The merchant's own, and the buyer's."""
    meant = or_(
        Contact.audience == "merchant",
        and_(Contact.audience == "buyer", Contact.subject == buyer_id),
    )
    rows = select(Contact).where(Contact.tenant == tenant, meant)
    return list(session.scalars(rows.order_by(Contact.audience, Contact.subject)))


def early_facts(session: Session, tenant: str, order_id: str) -> list[EarlyFact]:
    """In the order they came."""
    facts = select(EarlyFact).where(EarlyFact.tenant == tenant, EarlyFact.order_id == order_id)
    return list(session.scalars(facts.order_by(EarlyFact.fact_id)))


def wordings(session: Session, tenant: str, event_type: str) -> dict[str, dict[str, Wordings]]:
    """By tenant and audience: what belongs to the platform is everybody's."""
    rows = select(NotificationTemplate).where(NotificationTemplate.event_type == event_type)
    if tenant != PLATFORM:
        rows = rows.where(NotificationTemplate.tenant == tenant)
    found: dict[str, dict[str, Wordings]] = defaultdict(lambda: defaultdict(dict))
    for row in session.scalars(rows):
        found[row.tenant][row.audience][row.language] = Wording(row.title, row.text)
    return found


def templates(session: Session, tenant: str) -> TemplateList:
    rows = select(NotificationTemplate).where(NotificationTemplate.tenant == tenant)
    order = (
        NotificationTemplate.event_type,
        NotificationTemplate.audience,
        NotificationTemplate.language,
    )
    return TemplateList(
        data=[
            TemplateGiven.model_validate(row, from_attributes=True)
            for row in session.scalars(rows.order_by(*order))
        ]
    )


def notifications(
    session: Session, tenant: str, asked: NotificationsAsked
) -> Page[NotificationOut]:
    rows = select(Notification).where(Notification.tenant == tenant)
    if asked.state is not None:
        rows = rows.where(Notification.state == asked.state)
    found, following = page_of(session, rows, Notification.notification_id, asked)
    data = [NotificationOut.model_validate(row, from_attributes=True) for row in found]
    return Page(data=data, next_cursor=following)


def has_letters(session: Session, at: datetime) -> bool:
    return bool(session.execute(select(exists().where(Notification.due_at <= at))).scalar())


def due_letters(session: Session, at: datetime, most: int) -> list[Notification]:
    due = select(Notification).where(Notification.due_at <= at).order_by(Notification.due_at)
    return list(session.scalars(due.limit(most).with_for_update(skip_locked=True)))
