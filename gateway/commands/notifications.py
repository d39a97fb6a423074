"""What a merchant sets down for notifications, and what a reader refuses."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis.crypto import seal
from chassis.db import settings_of
from chassis.http import FieldError, Problem, not_found
from gateway import queries
from gateway.domain.notifications import ANY, WEBHOOK_DISABLED, Wording, meant_by, unknown_words
from gateway.events import PUBLIC
from gateway.models import Contact, NotificationTemplate
from gateway.schemas.notifications import (
    ContactGiven,
    ContactOut,
    OptedOut,
    OptOuts,
    TemplateGiven,
    TemplateList,
    TemplateNamed,
)

_OURS = {WEBHOOK_DISABLED: ("endpoint_id", "url", "reason")}


def keep_contact(
    session: Session, tenant: str, audience: str, subject: str, given: ContactGiven
) -> ContactOut:
    """What was opted out of stays so."""
    masters = settings_of(session).master_keys
    about = queries.sealed_about(tenant, audience, subject)
    address = seal(given.address.encode(), masters, about)
    row = session.get(Contact, (tenant, audience, subject), with_for_update=True)
    if row is None:
        row = Contact(tenant=tenant, audience=audience, subject=subject, opted_out=[])
        session.add(row)
    row.address, row.language = address, given.language
    session.flush()
    return queries.contact_out(row, masters)


def drop_contact(session: Session, tenant: str, audience: str, subject: str) -> ContactOut:
    row = queries.contact_for_update(session, tenant, audience, subject)
    said = queries.contact_out(row, settings_of(session).master_keys)
    session.delete(row)
    session.flush()
    return said


def set_opt_outs(
    session: Session, tenant: str, audience: str, subject: str, given: OptOuts
) -> OptedOut:
    row = queries.contact_for_update(session, tenant, audience, subject)
    row.opted_out = given.event_types
    session.flush()
    return OptedOut(opted_out=row.opted_out)


def opt_out(session: Session, token: str) -> OptedOut:
    """Of everything, by the link in a letter: whoever has the letter may."""
    meant = meant_by(token, settings_of(session).key_pepper)
    if meant is None:
        raise not_found("opt-out link")
    row = session.get(Contact, meant, with_for_update=True)
    if row is not None:  # else nobody is written to any more
        row.opted_out = [ANY]
        session.flush()
    return OptedOut(opted_out=[ANY])


def keep_template(session: Session, tenant: str, given: TemplateGiven) -> TemplateGiven:
    _check(given)
    session.merge(NotificationTemplate(tenant=tenant, **given.model_dump()))
    session.flush()
    return given


def drop_template(session: Session, tenant: str, named: TemplateNamed) -> TemplateList:
    session.execute(
        delete(NotificationTemplate).where(
            NotificationTemplate.tenant == tenant,
            NotificationTemplate.event_type == named.event_type,
            NotificationTemplate.audience == named.audience,
            NotificationTemplate.language == named.language,
        )
    )
    return queries.templates(session, tenant)


def _check(given: TemplateGiven) -> None:
    fields = _fields_of(given.event_type)
    if not fields:
        raise _wrong("/event_type", "unknown", f"{given.event_type} is no public event")
    try:
        unknown = unknown_words(Wording(given.title, given.text), [*fields, "merchant"])
    except ValueError as error:
        raise _wrong("/text", "bad-placeholder", str(error)) from error
    if unknown:
        message = f"{given.event_type} has no {', '.join(unknown)}; it has {', '.join(fields)}"
        raise _wrong("/text", "unknown-field", message)


def _fields_of(event_type: str) -> tuple[str, ...]:
    if event_type in PUBLIC:
        own = PUBLIC[event_type].model_fields
        return tuple(name for name in own if name not in ("tenant", "sequence"))
    return _OURS.get(event_type, ())


def _wrong(pointer: str, code: str, message: str) -> Problem:
    error = FieldError(pointer=pointer, code=code, message=message)
    return Problem(422, "invalid", message, [error])
