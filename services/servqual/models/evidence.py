"""What was heard of shipments and merchants, what respondents said, what came of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.servqual.models.base import Base


class KnownMerchant(Base):
    __tablename__ = "known_merchant"

    merchant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    fingerprints: Mapped[dict[str, str]] = mapped_column(JSON)
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownShipment(Base):
    """Revision 0: booked, not concluded. `told` is what the newest revision said of its end."""

    __tablename__ = "known_shipment"
    __table_args__ = (
        Index("ix_known_shipment_provider", "provider_id", "ended_at"),
        Index("ix_known_shipment_booked", "provider_id", "booked_at"),
    )

    shipment_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(64))
    provider_id: Mapped[str] = mapped_column(String(64))
    lane: Mapped[str] = mapped_column(String(5))  # `CN-DE`; empty where not known
    booked_at: Mapped[datetime | None] = mapped_column(Instant)
    revision: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    heard_at: Mapped[datetime] = mapped_column(Instant, index=True)
    reported_by: Mapped[str] = mapped_column(String(10))
    told: Mapped[dict[str, Any]] = mapped_column(JSON)


class Tender(Base):
    """A shipment offered to a provider: taken, or declined with a reason."""

    __tablename__ = "tender"
    __table_args__ = (Index("ix_tender_provider", "provider_id", "at"),)

    shipment_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    declined: Mapped[str | None] = mapped_column(String(200))


class Invitation(Base):
    """`person` is who is asked, forgotten after 13 months; of the token only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("tenant", "shipment_id"),
        Index("ix_invitation_due", "state", "due_at"),
        Index("ix_invitation_provider", "provider_id", "drawn_at"),
    )

    invitation_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    shipment_id: Mapped[str] = mapped_column(String(64))
    provider_id: Mapped[str] = mapped_column(String(64))
    person: Mapped[str | None] = mapped_column(String(64), index=True)
    questionnaire: Mapped[str] = mapped_column(String(10))
    form: Mapped[str] = mapped_column(String(10))
    rotation: Mapped[int]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(10))  # drawn, sent, answered, closed, skipped
    drawn_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # to send, remind or close next
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    closes_at: Mapped[datetime | None] = mapped_column(Instant)


class Response(Base):
    """`speaks_at` is when it enters the published rating."""

    __tablename__ = "response"
    __table_args__ = (Index("ix_response_provider", "provider_id", "submitted_at"),)

    response_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    invitation_id: Mapped[str] = mapped_column(String(40), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    provider_id: Mapped[str] = mapped_column(String(64))
    questionnaire: Mapped[str] = mapped_column(String(10))
    form: Mapped[str] = mapped_column(String(10))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    answers_sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_at: Mapped[datetime] = mapped_column(Instant)
    speaks_at: Mapped[datetime] = mapped_column(Instant, index=True)
    flags: Mapped[list[str]] = mapped_column(JSON)
    quality: Mapped[float]


class Rating(Base):
    """One scorecard as it was computed; the newest of a provider is the present one."""

    __tablename__ = "rating"
    __table_args__ = (Index("ix_rating_provider", "provider_id", "as_of"),)

    rating_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime] = mapped_column(Instant)
    day: Mapped[date] = mapped_column(Date)
    model: Mapped[str] = mapped_column(String(20))
    card: Mapped[dict[str, Any]] = mapped_column(JSON)
    said: Mapped[bool]  # by rating-changed
    sequence: Mapped[int] = mapped_column(BigInteger)
