"""Where carriers report to, what they reported, and what it comes to."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.logistics.models.base import Base


class Connection(Base):
    """One receiving address. `secrets`: at most two live ones, sealed, as JSON."""

    __tablename__ = "carrier_connection"

    connection_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    secrets: Mapped[str] = mapped_column(Text)
    accepts_unsigned: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class Tracker(Base):
    """One parcel. `folded` is the state of all its scans; null before the first."""

    __tablename__ = "tracker"
    __table_args__ = (
        Index("ix_tracker_number", "tenant", "number"),
        UniqueConstraint("tenant", "watched_as", name="uq_tracker_watched"),
    )

    tracker_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    carrier: Mapped[str | None] = mapped_column(String(60))
    number: Mapped[str] = mapped_column(String(80))  # without blanks, in upper case
    shipment_id: Mapped[str | None] = mapped_column(String(40), index=True)
    booked_on: Mapped[date | None] = mapped_column(Date)
    promised_on: Mapped[date | None] = mapped_column(Date)
    folded: Mapped[str | None] = mapped_column(Text)
    watched_as: Mapped[str | None] = mapped_column(String(150))  # number and carrier; null: booked
    created_at: Mapped[datetime] = mapped_column(Instant)


class StoredScan(Base):
    """One scan, for ever; `scan` holds all its columns as JSON."""

    __tablename__ = "scan"

    tracker_id: Mapped[str] = mapped_column(ForeignKey("tracker.tracker_id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    scan: Mapped[str] = mapped_column(Text)


class StoredRetraction(Base):
    """A provider took its own scan back; it covers that connection only."""

    __tablename__ = "scan_retraction"

    tracker_id: Mapped[str] = mapped_column(ForeignKey("tracker.tracker_id"), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    scan_id: Mapped[str] = mapped_column(String(200), primary_key=True)
