"""A world for servqual: a provider with its papers, merchants, shipments that ended."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from chassis.caller import Caller
from contracts.logistics import ShipmentBooked, ShipmentConcluded
from contracts.values import Money
from services.servqual.commands import providers, qualification, ways
from services.servqual.schemas.providers import (
    AuditIn,
    AuditItem,
    DecisionAsked,
    DocumentAsked,
    DocumentVerdict,
    NewProvider,
    ReachIn,
    ScreeningIn,
    TransitionAsked,
)
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller

PDF = ("application/pdf", b"%PDF-1.7 sound")
FIRST = caller("operator", MERCHANT)  # two persons by their keys
SECOND = caller("operator", OTHER_MERCHANT)


def provider_caller(provider_id: str = "silkroad") -> Caller:
    return caller("provider", subject=provider_id)


def today() -> date:
    return datetime.now(UTC).date()


def registered(service: RunningService, provider_id: str = "silkroad", **changed: Any) -> str:
    given = {
        "provider_id": provider_id, "title": "Silk Road", "legal_name": "Silk Road Ltd",
        "country": "CN", "registration": "1", "zone": "Asia/Shanghai",
        "capabilities": [{"service": "standard"}],
        "lanes": [{"origin": "CN", "destination": "DE", "service": "standard"}],
    }  # fmt: skip
    new = NewProvider.model_validate(given | changed)
    service.does(providers.register, provider_caller(provider_id), new)
    return provider_id


def shows(
    service: RunningService, provider_id: str, kind: str, days: int = 300, **changed: Any
) -> str:
    """A document uploaded and verified, valid so many days from today."""
    asked = {
        "kind": kind, "number": "1", "issuer": "Authority",
        "valid_from": today() - timedelta(days=30), "valid_to": today() + timedelta(days=days),
    }  # fmt: skip
    document = service.does(
        providers.add_document, provider_caller(provider_id), provider_id,
        DocumentAsked.model_validate(asked | changed), PDF,
    )  # fmt: skip
    verdict = DocumentVerdict(verdict="verified")
    service.does(providers.decide_document, FIRST, provider_id, document.document_id, verdict)
    return str(document.document_id)


def papers(service: RunningService, provider_id: str, insured_days: int = 200) -> None:
    for kind in ("identity", "licence", "data_agreement", "references"):
        shows(service, provider_id, kind)
    shows(service, provider_id, "insurance", insured_days, covers="5000.00 EUR")
    checked(service, provider_id, ScreeningIn(kind="screening", on=today(), open_hits=0))


def checked(service: RunningService, provider_id: str, made: Any) -> Any:
    return service.does(qualification.add_check, FIRST, provider_id, made)


def decided(service: RunningService, provider_id: str, **asked: Any) -> None:
    """Proposed by one person, confirmed by another."""
    proposal = DecisionAsked.model_validate({"reason": "sound"} | asked)
    made = service.does(qualification.propose, FIRST, provider_id, proposal)
    service.does(qualification.confirm_decision, SECOND, provider_id, made.decision_id)


def moved(service: RunningService, who: Caller, provider_id: str, to: str, reason: str = "") -> Any:
    asked = TransitionAsked.model_validate({"to": to, "reason": reason})
    return service.does(ways.move, who, provider_id, asked)


def provisional(service: RunningService, provider_id: str = "silkroad", **papers_: Any) -> str:
    registered(service, provider_id)
    papers(service, provider_id, **papers_)
    moved(service, provider_caller(provider_id), provider_id, "documents_submitted")
    moved(service, FIRST, provider_id, "under_review")
    decided(service, provider_id, to="provisional")
    return provider_id


def approved(service: RunningService, provider_id: str = "silkroad", **papers_: Any) -> str:
    """Reached on two channels, audited, its feed not measured yet and waived."""
    provisional(service, provider_id, **papers_)
    for channel in ("phone", "mail"):
        reach = ReachIn(kind="reach", on=today(), channel=channel, passed=True, human=True)
        checked(service, provider_id, reach)
    items = [AuditItem(item="clean", verdict="pass")]
    audit = AuditIn(kind="audit", on=today(), how="on_site", standard="depot-1", items=items)
    checked(service, provider_id, audit)
    until = today() + timedelta(days=60)
    decided(service, provider_id, waive="informatisation", until=until)
    decided(service, provider_id, to="approved")
    return provider_id


def booked(shipment_id: str, provider_id: str = "silkroad", **changed: Any) -> ShipmentBooked:
    given: dict[str, Any] = {
        "tenant": MERCHANT, "shipment_id": shipment_id, "order_id": "ord_1",
        "provider_id": provider_id, "service": "standard", "lines": {"TEA": 1},
        "tracking_numbers": ("T1",), "origin": "CN", "destination": "DE", "incoterm": "DDP",
        "price": Money.of(500, "EUR"), "promised_on": None,
    }  # fmt: skip
    return ShipmentBooked.model_validate(given | changed)


def concluded(
    shipment_id: str, late_days: int = 0, provider_id: str = "silkroad", **changed: Any
) -> ShipmentConcluded:
    """Delivered a moment ago, so many days after its promise, from CN to DE."""
    given: dict[str, Any] = {
        "tenant": MERCHANT, "shipment_id": shipment_id, "order_id": "ord_1",
        "provider_id": provider_id, "revision": 1, "status": "delivered",
        "promised_on": today() - timedelta(days=late_days), "ended_on": today(),
        "milestones": {}, "attempts": 1, "damaged": False, "origin": "CN", "destination": "DE",
        "at": datetime.now(UTC), "complete": True, "attempted_first": True,
        "milestones_expected": 4, "milestones_received": 4.0,
    }  # fmt: skip
    return ShipmentConcluded.model_validate(given | changed)
