"""Taking in shipments of the time before Hansa: each is said as concluded, once."""

import hashlib
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.db import now
from chassis.outbox import publish
from contracts.logistics import ShipmentConcluded
from contracts.values import canonical, new_id
from services.logistics.models.history import ImportedShipment
from services.logistics.queries.history import imported_hashes

Report = dict[str, Any]


def record_shipments(session: Session, job: Any, read: Report) -> Report:
    """All or nothing. The same shipment again changes nothing; another by its number is refused."""
    if read["errors"]:
        return {"summary": f"{read['wrong']} rows are wrong; nothing was imported", **read}
    known = imported_hashes(session, job.tenant)
    fresh, errors = [], []
    for shipment in read["shipments"]:
        sha256 = _sha256(shipment)
        if shipment["shipment"] not in known:
            fresh.append((shipment, sha256))
        elif known[shipment["shipment"]] != sha256:
            errors.append(_differs(shipment))
    if errors:
        return {"summary": "a shipment differs; nothing was imported", "errors": errors}
    for shipment, sha256 in fresh:
        _take(session, job.tenant, shipment, sha256)
    same = len(read["shipments"]) - len(fresh)
    summary = f"{len(fresh)} past shipments imported, {same} unchanged"
    return {"summary": summary, "imported": len(fresh), "unchanged": same, "errors": []}


def _take(session: Session, tenant: str, told: dict[str, Any], sha256: str) -> None:
    shipment_id = new_id("shp")
    session.add(
        ImportedShipment(
            tenant=tenant,
            reference=told["shipment"],
            shipment_id=shipment_id,
            sha256=sha256,
            imported_at=now(),
        )
    )
    ended, promised, attempts = told["ended_at"], told["promised_on"], told["attempts"]
    at = datetime.fromisoformat(ended)
    publish(
        session,
        ShipmentConcluded(
            tenant=tenant,
            sequence=1,
            shipment_id=shipment_id,
            order_id=told["order"],
            provider_id=told["provider"],
            revision=1,
            status=told["status"],
            promised_on=promised and date.fromisoformat(promised),
            milestones={told["status"]: ended},
            attempts=attempts or 0,
            damaged=told["damaged"],
            service=told["service"],
            origin=told["origin"],
            destination=told["destination"],
            at=at,
            ended_on=at.date(),
            complete=told["complete"],
            attempted_first=_succeeded_first(told["status"], attempts),
            customs_days=told["customs_days"],
            reported_by="import",
        ),
    )


def _succeeded_first(status: str, attempts: int | None) -> bool | None:
    return (status == "delivered" and attempts == 1) if attempts else None


def _sha256(told: dict[str, Any]) -> str:
    facts = {name: value for name, value in told.items() if name != "row"}
    return hashlib.sha256(canonical(facts)).hexdigest()


def _differs(told: dict[str, Any]) -> dict[str, Any]:
    message = f"shipment {told['shipment']} was imported before, and differs"
    return {"row": told["row"], "column": "shipment", "code": "immutable", "message": message}
