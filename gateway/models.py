"""Tables of the gateway."""

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db import Instant


class Base(DeclarativeBase):
    pass


class Merchant(Base):
    __tablename__ = "merchant"

    merchant_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))
    base_currency: Mapped[str] = mapped_column(String(3))
    countries: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    version: Mapped[int]


class ApiKey(Base):
    __tablename__ = "api_key"

    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(64), index=True)
    tenants: Mapped[list[str]] = mapped_column(JSON)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookEndpoint(Base):
    """Where a merchant wants to be told. The lower half is how it fares."""

    __tablename__ = "webhook_endpoint"

    endpoint_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    event_types: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))  # active, disabled
    reason: Mapped[str] = mapped_column(String(200))  # why it is disabled
    secrets: Mapped[bytes] = mapped_column(LargeBinary)  # sealed, see `Secrets`
    created_at: Mapped[datetime] = mapped_column(Instant)

    failing_since: Mapped[datetime | None] = mapped_column(Instant)  # null after a success
    exhausted: Mapped[int]  # events tried to the end since then
    held_by: Mapped[str | None] = mapped_column(String(40))  # later deliveries wait for this one
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    slowness: Mapped[int]  # doubles with each complaint; 1 is full speed
    slowed_until: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)  # one attempt at a time


class WebhookDelivery(Base):
    """One event for one endpoint; `body` is what is signed and sent, to the byte."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index(
            "ix_webhook_delivery_next",  # the first of those that wait, however many do
            "endpoint_id",
            "delivery_id",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    delivery_id: Mapped[str] = mapped_column(String(40), primary_key=True)  # rises as they came
    endpoint_id: Mapped[str] = mapped_column(String(40))
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    event_id: Mapped[str] = mapped_column(String(40))
    event_type: Mapped[str] = mapped_column(String(120))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))  # pending, delivered, failed
    attempts: Mapped[int]  # since it was last asked for
    said_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # null unless pending
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookAttempt(Base):
    __tablename__ = "webhook_attempt"

    attempt_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(20))
    status: Mapped[int | None]
    took_ms: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)


class Consent(Base):
    """What a buyer agrees to now. Kept empty after an erasure: its version must go on rising."""

    __tablename__ = "consent"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    purposes: Mapped[dict[str, str]] = mapped_column(JSON)  # purpose -> agreed since
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(Instant)


class Contact(Base):
    """Where a buyer or one of the merchant's own people is written to. The address is sealed."""

    __tablename__ = "contact"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    audience: Mapped[str] = mapped_column(String(12), primary_key=True)  # buyer, merchant
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)  # a buyer_id, or any word
    address: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    opted_out: Mapped[list[str]] = mapped_column(JSON)  # event types; `*` for all


class NotificationTemplate(Base):
    __tablename__ = "notification_template"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_type: Mapped[str] = mapped_column(String(120), primary_key=True)
    audience: Mapped[str] = mapped_column(String(12), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)


class Notification(Base):
    """The log. What it says is sealed, and kept only until it has gone."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_subject", "tenant", "audience", "subject"),)

    notification_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    audience: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(64))
    event_type: Mapped[str] = mapped_column(String(120))
    event_key: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))  # queued, sent, failed, suppressed
    reason: Mapped[str] = mapped_column(String(200))
    letter: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)  # null once ended
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class OrderOf(Base):
    """Whose order it is: most of an order's facts name the order only."""

    __tablename__ = "order_of"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[str | None] = mapped_column(String(64))  # null until it was placed
    heard_at: Mapped[datetime] = mapped_column(Instant, index=True)


class EarlyFact(Base):
    """A fact of an order not heard of yet: between two publishers no order is promised."""

    __tablename__ = "early_fact"
    __table_args__ = (Index("ix_early_fact_order", "tenant", "order_id"),)

    fact_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(64))
    event_type: Mapped[str] = mapped_column(String(120))
    event_key: Mapped[str] = mapped_column(String(200))
    fields: Mapped[str] = mapped_column(Text)
    heard_at: Mapped[datetime] = mapped_column(Instant, index=True)
