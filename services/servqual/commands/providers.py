"""Providers: registration, what they can do, what they have shown."""

import hashlib
from datetime import date

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import FieldError, Problem, check_match
from chassis.outbox import publish
from contracts.event import PLATFORM
from contracts.servqual import ProviderDocumentExpiring
from contracts.values import Money, new_id
from services.servqual.commands import ways
from services.servqual.domain.qualification.dossier import DATED, reminder_due
from services.servqual.domain.qualification.ways import Actor, Status
from services.servqual.models.providers import Document, Provider
from services.servqual.queries import providers as known
from services.servqual.schemas.providers import (
    CapabilitiesIn,
    DocumentAsked,
    DocumentOut,
    DocumentVerdict,
    LanesIn,
    NewProvider,
    ProviderOut,
)

MAGIC = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}


def register(session: Session, caller: Caller, new: NewProvider) -> ProviderOut:
    """A provider registers itself; an operator may for it."""
    if caller.kind == "provider" and caller.subject != new.provider_id:
        raise Problem(403, "not-allowed", f"this credential is of {caller.subject}")
    if session.get(Provider, new.provider_id) is not None:
        message = f"the provider {new.provider_id} is registered already"
        raise Problem(409, "exists", message, [_fault("/provider_id", "exists", message)])
    row = Provider(
        **new.model_dump(mode="json"),
        status=Status.APPLIED.value,
        suspended_from=None,
        lapsed=False,
        registered_at=now(),
        swept_on=None,
        version=1,
    )
    session.add(row)
    session.flush()
    ways.keep_transition(session, row, None, ways.Step(Actor.PROVIDER, ways.person(caller)))
    publish(session, known.provider_changed(session, row))
    return known.provider_out(session, row)


def set_capabilities(
    session: Session, caller: Caller, provider_id: str, given: CapabilitiesIn, match: str | None
) -> ProviderOut:
    row = known.own_provider(session, caller, provider_id, lock=True)
    check_match(match, row.version)
    row.capabilities = [each.model_dump(mode="json") for each in given.capabilities]
    say(session, row)
    return known.provider_out(session, row)


def set_lanes(
    session: Session, caller: Caller, provider_id: str, given: LanesIn, match: str | None
) -> ProviderOut:
    """A lane into a country where it is not licensed ends what it may carry, at once."""
    row = known.own_provider(session, caller, provider_id, lock=True)
    check_match(match, row.version)
    row.lanes = [each.model_dump(mode="json") for each in given.lanes]
    say(session, row)
    return known.provider_out(session, row)


def say(session: Session, row: Provider) -> None:
    row.version += 1
    session.flush()
    publish(session, known.provider_changed(session, row))


def add_document(
    session: Session,
    caller: Caller,
    provider_id: str,
    asked: DocumentAsked,
    file: tuple[str, bytes],
) -> DocumentOut:
    """`file` is its media type and bytes."""
    row = known.own_provider(session, caller, provider_id, lock=True)
    media_type, content = file
    _check_dates(asked, now().date())
    document = Document(
        document_id=new_id("doc"),
        provider_id=row.provider_id,
        sha256=hashlib.sha256(content).hexdigest(),
        media_type=media_type,
        content=content,
        state="submitted",
        decided_by=None,
        reason="",
        reminded_days=None,
        uploaded_at=now(),
        **asked.model_dump(exclude={"covers"}),
        covers=_money(asked.covers),
    )
    session.add(document)
    session.flush()
    return known.document_out(document)


def check_file(media_type: str, content: bytes) -> None:
    """By what it says it is, and by its first bytes."""
    if media_type not in MAGIC or not content.startswith(MAGIC[media_type]):
        message = "send a PDF, PNG or JPEG file, with its Content-Type"
        raise Problem(
            415, "unsupported-media-type", message,
            [_fault("Content-Type", "unsupported", message)],
        )  # fmt: skip


def _check_dates(asked: DocumentAsked, on: date) -> None:
    if asked.valid_to is None:
        if asked.kind in DATED:
            raise _wrong("valid_to", "missing", f"a document of kind {asked.kind} has a last day")
        return
    if asked.valid_to < asked.valid_from:
        raise _wrong("valid_to", "order", "the last day is not before the first")
    if asked.valid_to < on:
        raise _wrong("valid_to", "past", "this document has ended already")


def _money(covers: str | None) -> dict[str, str] | None:
    """As `amount currency`. Raises a 422 Problem."""
    if covers is None:
        return None
    amount, _, currency = covers.partition(" ")
    try:
        return Money(amount=amount, currency=currency).model_dump()
    except ValueError:
        raise _wrong("covers", "money", "an amount with the digits of its currency") from None


def decide_document(
    session: Session, caller: Caller, provider_id: str, document_id: str, given: DocumentVerdict
) -> DocumentOut:
    """Verified, it supersedes nothing: what overlaps counts together. A refusal is for good."""
    row = known.provider(session, provider_id, lock=True)
    document = known.document(session, provider_id, document_id)
    if document.state not in ("submitted", "verified"):
        raise Problem(409, "decided", f"this document is {document.state}; upload another")
    if given.verdict == "refused" and not given.reason.strip():
        raise _wrong("/reason", "missing", "say why it is refused")
    document.state = given.verdict
    document.decided_by = ways.person(caller)
    document.reason = given.reason
    session.flush()
    ways.follow_dates(session, row, now())
    say(session, row)
    return known.document_out(document)


def remind(session: Session, row: Provider, on: date) -> None:
    """30, 14 and 3 days before a document ends, each once; past its last day it is expired."""
    for document in known.documents_of(session, row.provider_id):
        if document.state == "verified" and document.valid_to and document.valid_to < on:
            document.state = "expired"
            continue
        due = reminder_due(known.paper_of(document), document.reminded_days, on)
        if due is None or document.valid_to is None:
            continue
        document.reminded_days = due
        publish(
            session,
            ProviderDocumentExpiring(
                tenant=PLATFORM,
                provider_id=row.provider_id,
                document_id=document.document_id,
                kind=document.kind,
                valid_to=document.valid_to,
                days_left=(document.valid_to - on).days,
            ),
        )


def _wrong(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, "invalid", message, [_fault(pointer, code, message)])


def _fault(pointer: str, code: str, message: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, message=message)
