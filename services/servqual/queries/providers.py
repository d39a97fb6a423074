"""Providers as they stand: rows to dossiers, dossiers to what is said and shown."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import Page, PageAsked, not_found, page_of
from contracts.event import PLATFORM, Event
from contracts.servqual import Capability, Lane, ProviderChanged
from contracts.values import Money
from services.servqual.domain.qualification import dossier as paper
from services.servqual.domain.qualification.dossier import Dossier, eligible_until, insured_up_to
from services.servqual.domain.qualification.gates import PROVISIONAL_CAP, gates
from services.servqual.domain.qualification.ways import CARRYING, Status
from services.servqual.models.evidence import KnownShipment, Tender
from services.servqual.models.providers import Check, Decision, Document, Provider, Transition
from services.servqual.schemas.providers import (
    DocumentOut,
    ProviderOut,
    TransitionOut,
)

TENDERS_OF = timedelta(days=90)
MEASURED_OVER = timedelta(days=30)
HALF_LIFE_DAYS = 180.0
NEWEST = 500


def provider(session: Session, provider_id: str, *, lock: bool = False) -> Provider:
    found = select(Provider).where(Provider.provider_id == provider_id)
    row = session.scalars(found.with_for_update() if lock else found).first()
    if row is None:
        raise not_found("provider")
    return row


def own_provider(
    session: Session, caller: Caller, provider_id: str, *, lock: bool = False
) -> Provider:
    """For an operator, and for the provider itself; to another provider it does not exist."""
    if caller.kind == "provider" and caller.subject != provider_id:
        raise not_found("provider")
    return provider(session, provider_id, lock=lock)


def known_ids(session: Session) -> list[str]:
    return list(session.scalars(select(Provider.provider_id).order_by(Provider.provider_id)))


def to_sweep(session: Session, on: date, most: int) -> list[str]:
    """Whose dates were not read on that day yet."""
    unread = Provider.swept_on.is_(None) | (Provider.swept_on < on)
    found = select(Provider.provider_id).where(unread).order_by(Provider.provider_id)
    return list(session.scalars(found.limit(most)))


def documents_of(session: Session, provider_id: str) -> list[Document]:
    found = select(Document).where(Document.provider_id == provider_id)
    return list(session.scalars(found.order_by(Document.document_id)))


def document(session: Session, provider_id: str, document_id: str) -> Document:
    row = session.get(Document, document_id)
    if row is None or row.provider_id != provider_id:
        raise not_found("document")
    return row


def decisions_of(session: Session, provider_id: str) -> list[Decision]:
    found = select(Decision).where(Decision.provider_id == provider_id)
    return list(session.scalars(found.order_by(Decision.decision_id)))


def decision(session: Session, provider_id: str, decision_id: str) -> Decision:
    found = select(Decision).where(
        Decision.decision_id == decision_id, Decision.provider_id == provider_id
    )
    row = session.scalars(found.with_for_update()).first()
    if row is None:
        raise not_found("decision")
    return row


def dossier_of(session: Session, row: Provider, at: datetime) -> Dossier:
    """Everything the gates look at, as of now."""
    checks = list(session.scalars(select(Check).where(Check.provider_id == row.provider_id)))
    places = {lane[end] for lane in row.lanes for end in ("origin", "destination")}
    return Dossier(
        country=row.country,
        lane_countries=frozenset(places),
        documents=tuple(paper_of(each) for each in documents_of(session, row.provider_id)),
        screenings=tuple(
            paper.Screening(each.on, each.found["open_hits"])
            for each in checks
            if each.kind == "screening"
        ),
        reaches=tuple(
            paper.Reach(each.on, each.found["channel"], each.found["passed"], each.found["human"])
            for each in checks
            if each.kind == "reach"
        ),
        audits=tuple(_audit(each) for each in checks if each.kind == "audit"),
        waivers=tuple(
            paper.Waiver(each.gate, each.until)
            for each in decisions_of(session, row.provider_id)
            if each.gate is not None and each.until is not None and each.confirmed_by is not None
        ),
        record=_record(session, row.provider_id, at),
    )


def paper_of(row: Document) -> paper.Document:
    return paper.Document(
        document_id=row.document_id,
        kind=row.kind,  # type: ignore[arg-type]  # held by the schema
        number=row.number,
        country=row.country,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        state=row.state,
        covers=Money.model_validate(row.covers) if row.covers else None,
    )


def _audit(row: Check) -> paper.Audit:
    items = [(each["weight"], each["critical"], each["verdict"]) for each in row.found["items"]]
    score, failed_critical = paper.audit_score(items)
    return paper.Audit(row.on, row.found["how"], score, failed_critical)


def _record(session: Session, provider_id: str, at: datetime) -> paper.Record:
    """What it did here, by its newest shipments; what it reported itself opens no gate."""
    ended = session.execute(
        select(KnownShipment.ended_at, KnownShipment.told)
        .where(
            KnownShipment.provider_id == provider_id,
            KnownShipment.ended_at.is_not(None),
            KnownShipment.reported_by == "carrier",
        )
        .order_by(KnownShipment.ended_at.desc())
        .limit(NEWEST)
    ).all()
    ages = [(max(0.0, (at - row.ended_at).total_seconds()) / 86400, row.told) for row in ended]
    recent = [told for age, told in ages if age <= MEASURED_OVER.days]
    expected = sum(told["milestones_expected"] for told in recent)
    received = sum(told["milestones_received"] for told in recent)
    offered = session.execute(
        select(func.count(), func.count(Tender.declined)).where(
            Tender.provider_id == provider_id, Tender.at > at - TENDERS_OF
        )
    ).one()
    return paper.Record(
        concluded=sum(0.5 ** (age / HALF_LIFE_DAYS) for age, _ in ages),
        tenders=offered[0],
        accepted=offered[0] - offered[1],
        feed_seen=received > 0 if expected else None,
        scan_compliance=received / expected if expected else None,
        labels_by_api=True if recent else None,  # what is booked here is labelled here
    )


def provider_changed(session: Session, row: Provider) -> ProviderChanged:
    """The provider as it is said: its dates, not their consequence on a day."""
    at = now()
    found = dossier_of(session, row, at)
    return ProviderChanged(
        tenant=PLATFORM,
        sequence=row.version,
        provider_id=row.provider_id,
        title=row.title,
        status=Status(row.status).value,
        capabilities=tuple(Capability.model_validate(each) for each in row.capabilities),
        lanes=tuple(Lane.model_validate(each) for each in row.lanes),
        gates={name: gate.state for name, gate in gates(found, at.date()).items()},
        eligible_until=eligible_until(found, at.date()),
        insured_up_to=insured_up_to(found, at.date()),
        weekly_cap=_weekly_cap(row.status),
    )


def _weekly_cap(status: str) -> int | None:
    return PROVISIONAL_CAP if status == Status.PROVISIONAL else None


def states(session: Session) -> Iterator[Event]:
    for row in session.scalars(select(Provider).order_by(Provider.provider_id)):
        yield provider_changed(session, row)


def provider_out(session: Session, row: Provider) -> ProviderOut:
    at = now()
    until = eligible_until(dossier_of(session, row, at), at.date())
    return ProviderOut(
        provider_id=row.provider_id,
        title=row.title,
        country=row.country,
        zone=row.zone,
        languages=row.languages,
        capabilities=[Capability.model_validate(each) for each in row.capabilities],
        lanes=[Lane.model_validate(each) for each in row.lanes],
        status=Status(row.status),
        is_eligible=is_eligible(row.status, until, at.date()),
        eligible_until=until,
        weekly_cap=_weekly_cap(row.status),
        version=row.version,
    )


def is_eligible(status: str, until: date | None, on: date) -> bool:
    """Expiry acts at once: dates decide, the state alone does not."""
    return status in CARRYING and (until is None or on <= until)


def show_provider(session: Session, provider_id: str) -> ProviderOut:
    return provider_out(session, provider(session, provider_id))


def providers(session: Session, status: Status | None, asked: PageAsked) -> Page[ProviderOut]:
    wanted = select(Provider)
    if status is not None:
        wanted = wanted.where(Provider.status == status)
    rows, following = page_of(session, wanted, Provider.provider_id, asked)
    return Page(data=[provider_out(session, row) for row in rows], next_cursor=following)


def documents(
    session: Session, caller: Caller, provider_id: str, asked: PageAsked
) -> Page[DocumentOut]:
    own_provider(session, caller, provider_id)
    wanted = select(Document).where(Document.provider_id == provider_id)
    rows, following = page_of(session, wanted, Document.document_id, asked)
    return Page(data=[document_out(row) for row in rows], next_cursor=following)


def document_file(
    session: Session, caller: Caller, provider_id: str, document_id: str
) -> tuple[str, bytes]:
    """Media type and bytes."""
    own_provider(session, caller, provider_id)
    row = document(session, provider_id, document_id)
    return row.media_type, row.content


def document_out(row: Document) -> DocumentOut:
    return DocumentOut.model_validate(fields(row, DocumentOut))


def transitions(
    session: Session, caller: Caller, provider_id: str, asked: PageAsked
) -> Page[TransitionOut]:
    own_provider(session, caller, provider_id)
    wanted = select(Transition).where(Transition.provider_id == provider_id)
    rows, following = page_of(session, wanted, Transition.transition_id, asked)
    shown = [TransitionOut.model_validate(fields(row, TransitionOut)) for row in rows]
    return Page(data=shown, next_cursor=following)


def fields(row: object, model: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields}
