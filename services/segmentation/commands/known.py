"""What others have said and is kept: merchants, HS chapters, consents."""

from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis.db import keep_newest, now
from contracts.catalog import ProductChanged
from contracts.gateway import ConsentChanged, MerchantChanged
from services.segmentation.models import KnownChapter, KnownConsent, KnownMerchant
from services.segmentation.queries import known


def keep_merchant(session: Session, event: MerchantChanged) -> None:
    keep_newest(
        session,
        KnownMerchant,
        {"merchant_id": event.merchant_id},
        {
            "status": event.status,
            "base_currency": event.base_currency,
            "countries": list(event.countries),
            "languages": list(event.languages),
            "sequence": event.sequence,
        },
    )


def keep_chapters(session: Session, event: ProductChanged) -> None:
    """A row where the chapter is another than before; a late state changes nothing."""
    latest = known.latest_chapters(session, event.tenant, [each.sku for each in event.variants])
    for variant in event.variants:
        chapter = variant.hs_code[:2] if variant.hs_code else None
        sequence, before = latest.get(variant.sku, (-1, None))
        if event.sequence > sequence and (sequence < 0 or chapter != before):
            session.execute(
                insert(KnownChapter).values(
                    tenant=event.tenant,
                    sku=variant.sku,
                    sequence=event.sequence,
                    chapter=chapter,
                    recorded_at=now(),
                )
            )


def keep_consent(session: Session, event: ConsentChanged) -> None:
    """Nothing is kept of a buyer who was erased."""
    if known.is_erased(session, event.tenant, event.buyer_id):
        return
    keep_newest(
        session,
        KnownConsent,
        {"tenant": event.tenant, "buyer_id": event.buyer_id},
        {
            "purposes": {name: since.isoformat() for name, since in event.purposes.items()},
            "sequence": event.sequence,
        },
    )
