"""What segmentation hears."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.catalog import ProductChanged
from contracts.gateway import BuyerErased, ConsentChanged, MerchantChanged
from contracts.logistics import ShipmentMoved
from contracts.orders import (
    OrderCancelled,
    OrderCompleted,
    OrderPaid,
    OrderPlaced,
    RefundIssued,
)
from services.segmentation.commands import erasing, facts, known


def on_merchant_changed(session: Session, event: MerchantChanged) -> None:
    known.keep_merchant(session, event)


def on_product_changed(session: Session, event: ProductChanged) -> None:
    known.keep_chapters(session, event)


def on_consent_changed(session: Session, event: ConsentChanged) -> None:
    known.keep_consent(session, event)


def on_order_placed(session: Session, event: OrderPlaced) -> None:
    facts.keep_order(session, event)


def on_order_paid(session: Session, event: OrderPaid) -> None:
    facts.mark_order(session, event, "paid", event.at)


def on_order_completed(session: Session, event: OrderCompleted) -> None:
    facts.mark_order(session, event, "completed", event.at)


def on_order_cancelled(session: Session, event: OrderCancelled) -> None:
    facts.mark_order(session, event, "cancelled", event.at)


def on_refund_issued(session: Session, event: RefundIssued) -> None:
    facts.mark_refund(session, event)


def on_shipment_moved(session: Session, event: ShipmentMoved) -> None:
    facts.mark_delivery(session, event)


def on_buyer_erased(session: Session, event: BuyerErased) -> None:
    erasing.erase_buyer(session, event.tenant, event.buyer_id)


HANDLERS: Handlers = {
    MerchantChanged: on_merchant_changed,
    ProductChanged: on_product_changed,
    ConsentChanged: on_consent_changed,
    OrderPlaced: on_order_placed,
    OrderPaid: on_order_paid,
    OrderCompleted: on_order_completed,
    OrderCancelled: on_order_cancelled,
    RefundIssued: on_refund_issued,
    ShipmentMoved: on_shipment_moved,
    BuyerErased: on_buyer_erased,
}
