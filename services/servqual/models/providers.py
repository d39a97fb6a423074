"""Providers, what they have shown, what was decided about them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.servqual.models.base import Base


class Provider(Base):
    """`suspended_from` is where a suspended one comes back to; `lapsed` marks an expiry alone.

    Fingerprints (owner, tax id, domain, bank) are hashed: a merchant that shares one is no judge.
    """

    __tablename__ = "provider"

    provider_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    legal_name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    registration: Mapped[str] = mapped_column(String(100))
    zone: Mapped[str] = mapped_column(String(60))
    languages: Mapped[list[str]] = mapped_column(JSON)
    fingerprints: Mapped[dict[str, str]] = mapped_column(JSON)
    capabilities: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    lanes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20), index=True)
    suspended_from: Mapped[str | None] = mapped_column(String(20))
    lapsed: Mapped[bool]
    registered_at: Mapped[datetime] = mapped_column(Instant)
    swept_on: Mapped[date | None] = mapped_column(Date, index=True)  # the day its dates were read
    version: Mapped[int]


class Document(Base):
    __tablename__ = "document"
    __table_args__ = (Index("ix_document_provider", "provider_id"),)

    document_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(100))
    issuer: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))  # where it counts; `*` everywhere
    scope: Mapped[str] = mapped_column(String(300))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    covers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(500))
    reminded_days: Mapped[int | None]  # before its last day, of the last reminder
    uploaded_at: Mapped[datetime] = mapped_column(Instant)


class Check(Base):
    """A screening, a check of a channel, an audit: `found` as its kind has it."""

    __tablename__ = "provider_check"
    __table_args__ = (Index("ix_provider_check_provider", "provider_id"),)

    check_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    on: Mapped[date] = mapped_column(Date)
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(String(64))


class Decision(Base):
    """What one person proposes and another confirms: a way to go, or a gate waived."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_provider", "provider_id"),)

    decision_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    to: Mapped[str | None] = mapped_column(String(20))
    gate: Mapped[str | None] = mapped_column(String(20))
    until: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[str] = mapped_column(String(64))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[str | None] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


class Transition(Base):
    """`evidence` holds the gates as they stood, each with its fact."""

    __tablename__ = "transition"
    __table_args__ = (Index("ix_transition_provider", "provider_id"),)

    transition_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    came_from: Mapped[str | None] = mapped_column(String(20))
    to: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(12))
    by: Mapped[str] = mapped_column(String(64))
    second: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
