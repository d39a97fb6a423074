"""Shipments of the time before Hansa."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.logistics.models.history import ImportedShipment


def imported_hashes(session: Session, tenant: str) -> dict[str, str]:
    """By the merchant's own number."""
    found = select(ImportedShipment.reference, ImportedShipment.sha256)
    return dict(session.execute(found.where(ImportedShipment.tenant == tenant)).all())
