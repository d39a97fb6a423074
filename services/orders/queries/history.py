"""Orders of the time before Hansa."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.http import Page, PageAsked, page_of
from contracts.values import Money
from services.orders.models import ImportedOrder
from services.orders.schemas import ImportedOrderOut


def imported_hashes(session: Session, tenant: str) -> dict[str, str]:
    """By the merchant's own number."""
    found = select(ImportedOrder.reference, ImportedOrder.sha256)
    return dict(session.execute(found.where(ImportedOrder.tenant == tenant)).all())


def imported_orders(session: Session, tenant: str, asked: PageAsked) -> Page[ImportedOrderOut]:
    wanted = select(ImportedOrder).where(ImportedOrder.tenant == tenant)
    rows, following = page_of(session, wanted, ImportedOrder.order_id, asked)
    return Page(data=[_out(row) for row in rows], next_cursor=following)


def _out(row: ImportedOrder) -> ImportedOrderOut:
    return ImportedOrderOut(
        order_id=row.order_id,
        reference=row.reference,
        buyer_id=row.buyer_id,
        status=row.status,
        placed_at=row.placed_at,
        ended_at=row.ended_at,
        market=row.market,
        destination=row.destination,
        goods=Money.of(row.goods_minor, row.currency),
    )
