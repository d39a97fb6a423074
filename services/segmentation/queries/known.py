"""What others have said: merchants, HS chapters, consents, who was erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.segmentation.models import (
    ErasedBuyer,
    KnownChapter,
    KnownConsent,
    KnownMerchant,
    Membership,
)


def merchant(session: Session, merchant_id: str) -> KnownMerchant | None:
    return session.get(KnownMerchant, merchant_id)


def hold_merchant(session: Session, merchant_id: str) -> None:
    """One at a time: a merchant's versions are numbered, and at most one of them is published."""
    held = select(KnownMerchant.merchant_id).where(KnownMerchant.merchant_id == merchant_id)
    session.execute(held.with_for_update())


def latest_chapters(
    session: Session, tenant: str, skus: Sequence[str]
) -> dict[str, tuple[int, str | None]]:
    """sku -> sequence and chapter last heard."""
    found = (
        select(KnownChapter.sku, KnownChapter.sequence, KnownChapter.chapter)
        .where(KnownChapter.tenant == tenant, KnownChapter.sku.in_(sorted(skus)))
        .order_by(KnownChapter.sequence)
    )
    return {sku: (sequence, chapter) for sku, sequence, chapter in session.execute(found)}


def chapters_at(session: Session, tenant: str, known_at: datetime) -> dict[str, str | None]:
    """sku -> HS chapter as it was known at a moment."""
    found = (
        select(KnownChapter.sku, KnownChapter.chapter)
        .where(KnownChapter.tenant == tenant, KnownChapter.recorded_at <= known_at)
        .order_by(KnownChapter.sequence)
    )
    return dict(session.execute(found).all())


def is_erased(session: Session, tenant: str, buyer_id: str) -> bool:
    return session.get(ErasedBuyer, (tenant, buyer_id)) is not None


def erased(session: Session, tenant: str) -> set[str]:
    found = select(ErasedBuyer.buyer_id).where(ErasedBuyer.tenant == tenant)
    return set(session.scalars(found))


def consenting(session: Session, tenant: str, model_id: str, purpose: str = "marketing") -> int:
    """How many of a model's subjects agree to a purpose."""
    found = (
        select(func.count())
        .select_from(KnownConsent)
        .join(Membership, Membership.subject == KnownConsent.buyer_id)
        .where(
            KnownConsent.tenant == tenant,
            Membership.tenant == tenant,
            Membership.model_id == model_id,
            KnownConsent.purposes[purpose].as_string().is_not(None),
        )
    )
    return session.execute(found).scalar_one()
