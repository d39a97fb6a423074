"""Rate cards, who may carry, shipments, and how far logistics is with each order."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.logistics.models.base import Base


class StoredCard(Base):
    """A rate card as it was imported: immutable, a change is a new version."""

    __tablename__ = "rate_card"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(20), primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    currency: Mapped[str] = mapped_column(String(3))
    card: Mapped[str] = mapped_column(Text)  # domain/shipping RateCard as JSON
    imported_at: Mapped[datetime] = mapped_column(Instant)


class KnownProvider(Base):
    """A provider as servqual last said it."""

    __tablename__ = "known_provider"

    provider_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    eligible_until: Mapped[date | None] = mapped_column(Date)
    sequence: Mapped[int] = mapped_column(BigInteger)
    said: Mapped[str | None] = mapped_column(Text)  # the event; null for what was heard before


class KnownRating(Base):
    """How well a provider carries, as servqual last said it: over all lanes and on each."""

    __tablename__ = "known_rating"

    provider_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    said: Mapped[str] = mapped_column(Text)
    as_of: Mapped[datetime] = mapped_column(Instant)
    sequence: Mapped[int] = mapped_column(BigInteger)


class ShippingPolicy(Base):
    """How a merchant wants carriers chosen for one of its markets; without a row, the best."""

    __tablename__ = "shipping_policy"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    market: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  # best, cheapest, fastest, fixed
    provider: Mapped[str | None] = mapped_column(String(40))
    explores: Mapped[bool]


class OrderShipping(Base):
    """One row per order: confirmed, cancelling, refusing, voided, refused."""

    __tablename__ = "order_shipping"

    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12))
    is_paid: Mapped[bool]
    reasons: Mapped[str] = mapped_column(Text)


class Shipment(Base):
    """One parcel or more from one location. `booking` is our side, `status` the carrier's."""

    __tablename__ = "shipment"
    __table_args__ = (
        Index("ix_shipment_tenant", "tenant", "shipment_id"),
        Index("ix_shipment_provider", "provider", "created_at"),
    )

    shipment_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(40), index=True)
    location_id: Mapped[str] = mapped_column(String(40))
    booking: Mapped[str] = mapped_column(String(10))  # asking, booked, voiding, voided, refused
    offers: Mapped[str] = mapped_column(Text)  # the decision, as JSON
    asked: Mapped[int]  # the place after the offer that was asked last
    declined: Mapped[str] = mapped_column(Text)  # provider -> reason
    provider: Mapped[str] = mapped_column(String(40))
    service: Mapped[str] = mapped_column(String(40))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    promised_on: Mapped[date | None] = mapped_column(Date)
    origin: Mapped[str] = mapped_column(String(2))
    destination: Mapped[str] = mapped_column(String(2))
    incoterm: Mapped[str] = mapped_column(String(3))
    lines: Mapped[str] = mapped_column(Text)  # SKU -> units
    parcels: Mapped[int]
    tracking_numbers: Mapped[str] = mapped_column(Text)
    consignee: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    status: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(String(40))
    leg: Mapped[str] = mapped_column(String(10))
    flags: Mapped[str] = mapped_column(Text)
    handed_over: Mapped[bool]
    concluded: Mapped[int]  # revisions said
    concluded_as: Mapped[str | None] = mapped_column(Text)  # the last of them
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
