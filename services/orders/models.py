"""Tables of orders: what was ordered, and what was heard that an order is checked against."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db import Instant


class Base(DeclarativeBase):
    pass


class Order(Base):
    """`saga` is the state of domain/saga as JSON; status and payment stand beside it to be found.

    Money is in minor units of `currency`. `quote` are the claims of the token, `ledger` the frozen
    calculation: nothing of a placed order is ever derived from live rows again.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_tenant", "tenant", "order_id"),
        Index("ix_orders_deadline", "deadline_at"),
    )

    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    buyer_id: Mapped[str] = mapped_column(String(64), index=True)
    market: Mapped[str] = mapped_column(String(40))
    destination: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    due_at_sale_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(12), index=True)
    payment_status: Mapped[str] = mapped_column(String(20))
    next_action: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    saga: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    deadline_at: Mapped[datetime | None] = mapped_column(Instant)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    lines: Mapped[str] = mapped_column(Text)  # what was ordered, as JSON: domain/lines.py
    quote: Mapped[str] = mapped_column(Text)
    ledger: Mapped[str] = mapped_column(Text)
    people: Mapped[bytes | None] = mapped_column(LargeBinary)  # buyer and consignee, sealed
    provider: Mapped[str] = mapped_column(String(20))
    payment_token: Mapped[str] = mapped_column(String(200))
    payment_reference: Mapped[str] = mapped_column(String(200))  # the provider's own word
    access_sha256: Mapped[str] = mapped_column(String(64))


class Refund(Base):
    __tablename__ = "refund"

    refund_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    about: Mapped[str] = mapped_column(String(80))
    lines: Mapped[str] = mapped_column(Text)
    goods_minor: Mapped[int] = mapped_column(BigInteger)
    duties_minor: Mapped[int] = mapped_column(BigInteger)
    taxes_minor: Mapped[int] = mapped_column(BigInteger)
    other_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(12))  # asked, paid, failed
    created_at: Mapped[datetime] = mapped_column(Instant)


class Return(Base):
    __tablename__ = "return_request"

    return_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    tenant: Mapped[str] = mapped_column(String(64))
    lines: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))  # requested, received
    created_at: Mapped[datetime] = mapped_column(Instant)


class Claim(Base):
    __tablename__ = "claim"

    claim_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    tenant: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(80))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(Instant)


class OrderEvent(Base):
    """What happened to an order, in the order in which it was heard."""

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    heard: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(12))
    payment_status: Mapped[str] = mapped_column(String(20))
    effects: Mapped[str] = mapped_column(Text)


class PaymentConnection(Base):
    """Where one merchant's payment provider reports to. Token and secret are sealed."""

    __tablename__ = "payment_connection"

    connection_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(20))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    token: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_payment_connection", "tenant", "provider", unique=True),)


class OfferUse(Base):
    """One offer used by one order; it counts as long as the order was not cancelled."""

    __tablename__ = "offer_use"
    __table_args__ = (Index("ix_offer_use", "offer_id", "buyer_id"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    offer_id: Mapped[str] = mapped_column(String(40))
    buyer_id: Mapped[str] = mapped_column(String(64))
    discount_minor: Mapped[int] = mapped_column(BigInteger)


class KnownOffer(Base):
    __tablename__ = "known_offer"

    offer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    said: Mapped[str] = mapped_column(Text)  # the whole state, as JSON
    sequence: Mapped[int] = mapped_column(BigInteger)


class OfferKey(Base):
    __tablename__ = "offer_key"

    kid: Mapped[str] = mapped_column(String(40), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(100))
    sequence: Mapped[int] = mapped_column(BigInteger)


class ImportedOrder(Base):
    """An order of the time before Hansa, by the merchant's own number: it is history only."""

    __tablename__ = "imported_order"
    __table_args__ = (Index("ix_imported_order_buyer", "tenant", "buyer_id"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(40), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    buyer_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12))
    placed_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime] = mapped_column(Instant)
    market: Mapped[str] = mapped_column(String(40))
    destination: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    goods_minor: Mapped[int] = mapped_column(BigInteger)
    imported_at: Mapped[datetime] = mapped_column(Instant)


class ErasedBuyer(Base):
    """Whose names and addresses go as soon as no open order needs them."""

    __tablename__ = "erased_buyer"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(Instant)


class KnownMerchant(Base):
    __tablename__ = "known_merchant"

    merchant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownVariant(Base):
    """Of a published or withdrawn product: what kind of thing an SKU is."""

    __tablename__ = "known_variant"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(40), index=True)
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(12))
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownListing(Base):
    __tablename__ = "known_listing"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    market: Mapped[str] = mapped_column(String(40), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300))
    prices: Mapped[str] = mapped_column(Text)  # currency -> minor units, as JSON
    available: Mapped[bool]
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownMarket(Base):
    __tablename__ = "known_market"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment_methods: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]
    sequence: Mapped[int] = mapped_column(BigInteger)


class QuoteKey(Base):
    __tablename__ = "quote_key"

    kid: Mapped[str] = mapped_column(String(40), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(100))
    not_before: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    sequence: Mapped[int] = mapped_column(BigInteger)
