"""Rules in two times, quotes, and what catalog has said."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.logistics.models.base import Base


class TariffBatch(Base):
    """One accepted import. Answers read at the `known_from` of the last one."""

    __tablename__ = "tariff_batch"

    batch_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    known_from: Mapped[datetime] = mapped_column(Instant)
    inserted: Mapped[int]
    closed: Mapped[int]


class TariffRule(Base):
    """One row of law: valid time and known time. Append-only: the one UPDATE closes `known_to`."""

    __tablename__ = "tariff_rule"
    __table_args__ = (Index("ix_tariff_rule", "jurisdiction", "table_name", "known_to"),)

    rule_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    batch_id: Mapped[str] = mapped_column(String(40))
    table_name: Mapped[str] = mapped_column(String(20))
    jurisdiction: Mapped[str] = mapped_column(String(2))
    rule_key: Mapped[str] = mapped_column(String(300))
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)
    known_from: Mapped[datetime] = mapped_column(Instant)
    known_to: Mapped[datetime | None] = mapped_column(Instant)
    fields: Mapped[str] = mapped_column(Text)


class Quote(Base):
    """A landed-cost quote as it was answered. Immutable."""

    __tablename__ = "quote"
    __table_args__ = (Index("ix_quote_tenant", "tenant", "quote_id"),)

    quote_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12))
    asked: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    request: Mapped[str | None] = mapped_column(Text)  # as the engine was asked
    ledger_sha256: Mapped[str] = mapped_column(String(64))
    valid_at: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class KnownVariant(Base):
    """An SKU as catalog last said it. What is None was not given."""

    __tablename__ = "known_variant"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(300))
    variant: Mapped[str] = mapped_column(Text)  # contracts.catalog.Variant as JSON
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownListing(Base):
    __tablename__ = "known_listing"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    market: Mapped[str] = mapped_column(String(40), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    prices: Mapped[str] = mapped_column(Text)  # currency -> minor units, as JSON
    available: Mapped[bool]
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownMarket(Base):
    __tablename__ = "known_market"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    countries: Mapped[str] = mapped_column(Text)  # JSON list
    currency: Mapped[str] = mapped_column(String(3))
    incoterm: Mapped[str] = mapped_column(String(3))
    price_includes_tax: Mapped[bool]
    zone: Mapped[str] = mapped_column(String(60))
    active: Mapped[bool]
    sequence: Mapped[int] = mapped_column(BigInteger)
