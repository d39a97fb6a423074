"""What was told of the time before Hansa."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.logistics.models.base import Base


class ImportedShipment(Base):
    """By the merchant's own number; it was said as concluded, and nothing else is done with it."""

    __tablename__ = "imported_shipment"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    shipment_id: Mapped[str] = mapped_column(String(40), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime] = mapped_column(Instant)
