"""Locations, balances, the ledger of movements, and what is claimed of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Instant
from services.logistics.models.base import Base


class Location(Base):
    __tablename__ = "location"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    location_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(40))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(100))
    street: Mapped[str] = mapped_column(String(200))


class Balance(Base):
    """`reserved` is a claim on `on_hand`; what is available is never stored."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    location_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]
    version: Mapped[int]


class Movement(Base):
    """Append-only: a wrong one is reversed by another."""

    __tablename__ = "movement"

    movement_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    sku: Mapped[str] = mapped_column(String(64))
    location_id: Mapped[str] = mapped_column(String(40))
    quantity: Mapped[int]  # of on_hand: positive in, negative out
    reason: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class OrderStock(Base):
    """One row per order that was answered: also the tombstone that makes a late one harmless."""

    __tablename__ = "order_stock"

    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12))  # reserved, short, released, consumed
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class Reservation(Base):
    __tablename__ = "reservation"
    __table_args__ = (Index("ix_reservation_sku", "tenant", "sku", "location_id"),)

    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    location_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[int]


class Inbound(Base):
    """A return that is on its way back."""

    __tablename__ = "inbound"

    inbound_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    order_id: Mapped[str] = mapped_column(String(40))
    lines: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12))  # expected, received
