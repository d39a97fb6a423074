"""From an event to letters, and from a letter to the log."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from chassis.crypto import seal, unseal
from chassis.db import insert_new, now, settings_of, touch
from contracts.event import Event
from contracts.orders import OrderPlaced
from contracts.values import new_id
from gateway import queries
from gateway.adapters.mail import Sent
from gateway.domain.notifications import (
    ANY,
    OWN,
    Letter,
    Wording,
    best_language,
    next_letter,
    opt_out_token,
    worded,
)
from gateway.models import Contact, EarlyFact, Merchant, Notification, OrderOf
from gateway.outside import mail_server

LEASE = timedelta(minutes=2)  # a letter takes much less
LOG_KEPT = timedelta(days=90)
ORDERS_KEPT = timedelta(days=180)
EARLY_KEPT = timedelta(days=1)
PRUNED_AT_ONCE = 500
ERASED = "erased"


@dataclass(frozen=True)
class Occasion:
    """What a notification is about."""

    event_type: str
    key: str
    fields: dict[str, Any]


def notify(session: Session, event: Event) -> None:
    """A letter to everybody the merchant has a template for. Orders from before Hansa tell nobody.

    Most facts of an order name the order only; one that comes before its `order-placed` waits.
    """
    if isinstance(event, OrderPlaced):
        if event.imported:
            return
        _hear_placed(session, event)
    found = queries.wordings(session, event.tenant, event.name)
    if not found:
        return
    occasion = Occasion(event.name, event.key_value(), json.loads(event.body()))
    for tenant, by_audience in found.items():
        buyer_id = _buyer_of(session, tenant, occasion) if "buyer" in by_audience else None
        for contact in queries.contacts_meant(session, tenant, buyer_id):
            if wordings := by_audience.get(contact.audience):
                _write_to(session, contact, occasion, wordings)


def notify_merchant(session: Session, tenant: str, occasion: Occasion) -> None:
    """Of what the gateway itself has done: in its own words where the merchant has none."""
    ours = {
        language: words for (name, language), words in OWN.items() if name == occasion.event_type
    }
    theirs = queries.wordings(session, tenant, occasion.event_type).get(tenant, {})
    for contact in queries.contacts_meant(session, tenant, None):
        _write_to(session, contact, occasion, ours | theirs.get("merchant", {}))


def _hear_placed(session: Session, event: OrderPlaced) -> None:
    """From here on it is known whose order it is; what came before is told now."""
    tenant, order_id = event.tenant, event.order_id
    if not queries.writes_to_buyers(session, tenant):
        return
    _order_locked(session, tenant, order_id).buyer_id = event.buyer_id
    session.flush()
    for fact in queries.early_facts(session, tenant, order_id):
        occasion = Occasion(fact.event_type, fact.event_key, json.loads(fact.fields))
        by_audience = queries.wordings(session, tenant, fact.event_type).get(tenant, {})
        contact = session.get(Contact, (tenant, "buyer", event.buyer_id))
        if contact is not None and "buyer" in by_audience:
            _write_to(session, contact, occasion, by_audience["buyer"])
        session.delete(fact)
    session.flush()


def _buyer_of(session: Session, tenant: str, occasion: Occasion) -> str | None:
    """None, and the fact waits, for an order that was not heard of."""
    buyer_id, order_id = occasion.fields.get("buyer_id"), occasion.fields.get("order_id")
    if isinstance(buyer_id, str) or not isinstance(order_id, str):
        return buyer_id
    known = _order_locked(session, tenant, order_id).buyer_id
    if known is None:
        session.add(
            EarlyFact(
                fact_id=new_id("ear"),
                tenant=tenant,
                order_id=order_id,
                event_type=occasion.event_type,
                event_key=occasion.key,
                fields=json.dumps(occasion.fields),
                heard_at=now(),
            )
        )
        session.flush()
    return known


def _order_locked(session: Session, tenant: str, order_id: str) -> OrderOf:
    """Made where it is missing, so that two handlers of one order wait for each other."""
    insert_new(
        session,
        OrderOf.__table__,  # type: ignore[arg-type]
        tenant=tenant,
        order_id=order_id,
        buyer_id=None,
        heard_at=now(),
    )
    return session.get_one(OrderOf, (tenant, order_id), with_for_update=True)


def _write_to(
    session: Session, contact: Contact, occasion: Occasion, wordings: dict[str, Wording]
) -> None:
    settings, at = settings_of(session), now()
    merchant = session.get(Merchant, contact.tenant)
    spoken = merchant.languages if merchant else []
    language = best_language(contact.language, spoken, list(wordings))
    known = occasion.fields | {"merchant": merchant.title if merchant else ""}
    said = worded(wordings[language], known)
    reason = _silence(contact, occasion, mail_server(settings))
    row = Notification(
        notification_id=new_id("ntf"),
        tenant=contact.tenant,
        audience=contact.audience,
        subject=contact.subject,
        event_type=occasion.event_type,
        event_key=occasion.key,
        language=language,
        state="suppressed" if reason else "queued",
        reason=reason,
        attempts=0,
        created_at=at,
        due_at=None if reason else at,
        ended_at=at if reason else None,
    )
    if not reason:
        row.letter = _sealed(session, contact, row.notification_id, said)
    session.add(row)
    session.flush()
    touch(session, "letters")


def _silence(contact: Contact, occasion: Occasion, server: str) -> str:
    """Why nothing is written; empty where something is."""
    if ANY in contact.opted_out or occasion.event_type in contact.opted_out:
        return "opted out"
    return "" if server else "no mail server is configured"


def _sealed(session: Session, contact: Contact, number: str, said: Wording) -> bytes:
    settings = settings_of(session)
    token = opt_out_token(contact.tenant, contact.audience, contact.subject, settings.key_pepper)
    letter = Letter(
        number,
        queries.address_of(contact, settings.master_keys),
        said.title,
        said.text,
        f"{settings.public_url}/v1/notifications/opt-outs/{token}",
    )
    return seal(json.dumps(asdict(letter)).encode(), settings.master_keys, number)


def claim_letters(session: Session, at: datetime, most: int) -> list[Letter]:
    """Leased until they have been recorded or have surely gone."""
    claimed, masters = [], settings_of(session).master_keys
    for row in queries.due_letters(session, at, most):
        row.due_at, row.attempts = at + LEASE, row.attempts + 1
        if row.letter is not None:
            opened = unseal(row.letter, masters, row.notification_id)
            claimed.append(Letter(**json.loads(opened)))
    session.flush()
    return claimed


def record_letter(session: Session, letter: Letter, sent: Sent, at: datetime) -> None:
    row = session.get(Notification, letter.number, with_for_update=True)
    if row is None or row.state != "queued":
        return  # pruned or erased meanwhile
    row.reason = sent.reason
    row.due_at = next_letter(row.attempts, at) if sent.outcome == "later" else None
    if row.due_at is None:
        row.state = "sent" if sent.outcome == "sent" else "failed"
        row.letter, row.ended_at = None, at
    session.flush()


def forget_buyer(session: Session, tenant: str, buyer_id: str) -> None:
    """The address, whose orders, and what was still to be said; the log stays without a name."""
    mine = (Notification.tenant == tenant, Notification.subject == buyer_id)
    session.execute(
        delete(Contact).where(
            Contact.tenant == tenant, Contact.audience == "buyer", Contact.subject == buyer_id
        )
    )
    session.execute(delete(OrderOf).where(OrderOf.tenant == tenant, OrderOf.buyer_id == buyer_id))
    unsaid = update(Notification).where(
        *mine, Notification.audience == "buyer", Notification.state == "queued"
    )
    session.execute(unsaid.values(state="failed", reason=ERASED, due_at=None, ended_at=now()))
    named = update(Notification).where(*mine, Notification.audience == "buyer")
    session.execute(named.values(subject=ERASED, letter=None))


def prune_notifications(session: Session, at: datetime) -> None:
    """In small steps."""
    old = (
        select(Notification.notification_id)
        .where(Notification.created_at < at - LOG_KEPT)
        .limit(PRUNED_AT_ONCE)
    )
    gone = list(session.scalars(old))
    session.execute(delete(Notification).where(Notification.notification_id.in_(gone)))
    session.execute(delete(OrderOf).where(OrderOf.heard_at < at - ORDERS_KEPT))
    session.execute(delete(EarlyFact).where(EarlyFact.heard_at < at - EARLY_KEPT))
