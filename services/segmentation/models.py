"""Tables of segmentation: facts as heard, snapshots taken of them, models, and offers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db import Instant


class Base(DeclarativeBase):
    pass


class KnownMerchant(Base):
    __tablename__ = "known_merchant"

    merchant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    base_currency: Mapped[str] = mapped_column(String(3))
    countries: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    sequence: Mapped[int] = mapped_column(BigInteger)


class KnownChapter(Base):
    """HS chapter of an SKU, one row for each change: what was known when can be told again."""

    __tablename__ = "known_chapter"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    chapter: Mapped[str | None] = mapped_column(String(2))
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class KnownConsent(Base):
    __tablename__ = "known_consent"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    purposes: Mapped[dict[str, str]] = mapped_column(JSON)  # purpose -> agreed since
    sequence: Mapped[int] = mapped_column(BigInteger)


class ErasedBuyer(Base):
    """Keeps late events of a forgotten buyer out."""

    __tablename__ = "erased_buyer"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(Instant)


class OrderFact(Base):
    """One line as ordered. Only added to, never changed: the past stays as it was known."""

    __tablename__ = "order_fact"
    __table_args__ = (
        Index("ix_order_fact_buyer", "tenant", "buyer_id"),
        Index("ix_order_fact_recorded", "tenant", "recorded_at"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    line_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    buyer_id: Mapped[str] = mapped_column(String(64))
    market: Mapped[str] = mapped_column(String(40))
    destination: Mapped[str] = mapped_column(String(2))
    sku: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[int]
    value_minor: Mapped[int | None] = mapped_column(BigInteger)  # null: nobody said
    currency: Mapped[str] = mapped_column(String(3))
    offer_id: Mapped[str | None] = mapped_column(String(40))
    arm: Mapped[str | None] = mapped_column(String(8))
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class OrderMark(Base):
    """What befell an order. `ref` names a refund or a shipment; its highest revision counts."""

    __tablename__ = "order_mark"
    __table_args__ = (Index("ix_order_mark_recorded", "tenant", "recorded_at"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[dict[str, int]] = mapped_column(JSON)
    late_days: Mapped[int | None]
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class TakenSnapshot(Base):
    """`key` is all that decides its rows; `rows_sha256` is theirs as they were taken."""

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("tenant", "key_sha256"),)

    snapshot_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    key_sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[dict[str, Any]] = mapped_column(JSON)
    cutoff: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime] = mapped_column(Instant)
    rows_sha256: Mapped[str] = mapped_column(String(64))
    priors: Mapped[dict[str, float]] = mapped_column(JSON)
    left_out: Mapped[dict[str, int]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)


class SnapshotRow(Base):
    """An erased subject's row is gone; the places of the others stay."""

    __tablename__ = "snapshot_row"
    __table_args__ = (Index("ix_snapshot_row_subject", "subject"),)

    snapshot_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(String(64))
    features: Mapped[list[float]] = mapped_column(JSON)  # in the order of features.NAMES


class SegmentModel(Base):
    """Immutable once a draft, but for its status. `based_on` was published when it was fitted.

    `undivided`: there were no stable segments, so there is a selection and no artefact.
    """

    __tablename__ = "segment_model"
    __table_args__ = (UniqueConstraint("tenant", "population", "version"),)

    model_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    population: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    snapshot_id: Mapped[str] = mapped_column(String(40))
    asked_sha256: Mapped[str] = mapped_column(String(64))
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_by: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(String(40))
    based_on: Mapped[str | None] = mapped_column(String(40))
    artefact: Mapped[str | None] = mapped_column(Text)
    selection: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    matching: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[str | None] = mapped_column(String(64))
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class SegmentName(Base):
    """A merchant's own name belongs to the segment and survives refits."""

    __tablename__ = "segment_name"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    segment_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class Membership(Base):
    """`parts` say, per feature, by how much farther the second segment is than the first."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_subject", "tenant", "subject"),)

    model_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    main: Mapped[str] = mapped_column(String(40))
    shares: Mapped[dict[str, float]] = mapped_column(JSON)  # segment id -> membership
    parts: Mapped[dict[str, float]] = mapped_column(JSON)
    distance: Mapped[float] = mapped_column(Float)
    is_mixed: Mapped[bool]
    is_unusual: Mapped[bool]


class Offer(Base):
    """`model_id` is frozen with it: a later version of the segments changes nobody's depth."""

    __tablename__ = "offer"
    __table_args__ = (Index("ix_offer_tenant", "tenant", "status"),)

    offer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    model_id: Mapped[str | None] = mapped_column(String(40))
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    terms_sha256: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
