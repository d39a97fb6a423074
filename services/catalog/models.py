"""Tables of catalog."""

from sqlalchemy import JSON, BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Product(Base):
    """`handle` is the merchant's own name for it: what an import finds it by."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("tenant", "handle"),)

    product_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    handle: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]


class Variant(Base):
    """What is not known is null, never zero."""

    __tablename__ = "variant"
    __table_args__ = (Index("ix_variant_product", "product_id"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300))
    hs_code: Mapped[str | None] = mapped_column(String(10))
    hs_extensions: Mapped[dict[str, str]] = mapped_column(JSON)
    classification: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str | None] = mapped_column(String(2))
    weight_g: Mapped[int | None]
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    material: Mapped[str] = mapped_column(String(200))
    customs_description: Mapped[str] = mapped_column(String(300))
    dangerous_goods: Mapped[bool]
    battery: Mapped[bool]
    lot_tracked: Mapped[bool]
    serial_tracked: Mapped[bool]
    gtin: Mapped[str | None] = mapped_column(String(14))


class Market(Base):
    __tablename__ = "market"
    __table_args__ = (UniqueConstraint("tenant", "code"),)

    market_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    countries: Mapped[list[str]] = mapped_column(JSON)
    currency: Mapped[str] = mapped_column(String(3))
    language: Mapped[str] = mapped_column(String(12))
    incoterm: Mapped[str] = mapped_column(String(3))
    price_includes_tax: Mapped[bool]
    payment_methods: Mapped[list[str]] = mapped_column(JSON)
    rounding: Mapped[str] = mapped_column(String(12))
    zone: Mapped[str] = mapped_column(String(60))
    active: Mapped[bool]
    version: Mapped[int]


class Listing(Base):
    __tablename__ = "listing"
    __table_args__ = (UniqueConstraint("tenant", "market", "sku"),)

    listing_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[str] = mapped_column(String(40))
    sku: Mapped[str] = mapped_column(String(64))
    market: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text)
    prices: Mapped[dict[str, str]] = mapped_column(JSON)  # currency -> amount with its digits
    available: Mapped[bool]
    version: Mapped[int]


class KnownMerchant(Base):
    __tablename__ = "known_merchant"

    merchant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    sequence: Mapped[int] = mapped_column(BigInteger)
