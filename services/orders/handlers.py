"""What orders hears: the world it prices by, and the way of its orders."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.catalog import ListingChanged, MarketChanged, ProductChanged
from contracts.gateway import BuyerErased, MerchantChanged
from contracts.logistics import (
    CancellationRefused,
    QuoteKeyChanged,
    ReservationBroken,
    ReturnReceived,
    ShipmentBooked,
    ShipmentMoved,
    ShipmentRefused,
    ShipmentVoided,
    StockReserved,
    StockShort,
)
from contracts.segmentation import OfferChanged, OfferKeyChanged
from services.orders.commands import advance, erasing, known, returns
from services.orders.domain.saga import Fact, Heard


def on_merchant_changed(session: Session, event: MerchantChanged) -> None:
    known.keep_merchant(session, event)


def on_buyer_erased(session: Session, event: BuyerErased) -> None:
    erasing.erase_buyer(session, event)


def on_product_changed(session: Session, event: ProductChanged) -> None:
    known.keep_product(session, event)


def on_listing_changed(session: Session, event: ListingChanged) -> None:
    known.keep_listing(session, event)


def on_market_changed(session: Session, event: MarketChanged) -> None:
    known.keep_market(session, event)


def on_quote_key_changed(session: Session, event: QuoteKeyChanged) -> None:
    known.keep_quote_key(session, event)


def on_offer_changed(session: Session, event: OfferChanged) -> None:
    known.keep_offer(session, event)


def on_offer_key_changed(session: Session, event: OfferKeyChanged) -> None:
    known.keep_offer_key(session, event)


def on_stock_reserved(session: Session, event: StockReserved) -> None:
    advance.hear(session, event.order_id, Fact(Heard.STOCK_RESERVED))


def on_stock_short(session: Session, event: StockShort) -> None:
    missing = ", ".join(f"{sku}: {units} short" for sku, units in sorted(event.missing.items()))
    advance.hear(
        session,
        event.order_id,
        Fact(Heard.STOCK_SHORT),
        reason=f"stock_short ({missing})",
        missing=event.missing,
    )


def on_reservation_broken(session: Session, event: ReservationBroken) -> None:
    advance.hear(session, event.order_id, Fact(Heard.RESERVATION_BROKEN))


def on_shipment_booked(session: Session, event: ShipmentBooked) -> None:
    lines = advance.lines_of(session, event.order_id, event.lines)
    fact = Fact(Heard.SHIPMENT_BOOKED, shipment_id=event.shipment_id, lines=lines)
    advance.hear(session, event.order_id, fact)


def on_shipment_moved(session: Session, event: ShipmentMoved) -> None:
    fact = Fact(Heard.SHIPMENT_MOVED, shipment_id=event.shipment_id, moved=event.status)
    advance.hear(session, event.order_id, fact)


def on_shipment_refused(session: Session, event: ShipmentRefused) -> None:
    why = "; ".join(f"{offer}: {reason}" for offer, reason in sorted(event.reasons.items()))
    reason = f"nobody carries it ({why})"[:200]
    advance.hear(session, event.order_id, Fact(Heard.SHIPMENT_REFUSED), reason=reason)


def on_shipment_voided(session: Session, event: ShipmentVoided) -> None:
    advance.hear(session, event.order_id, Fact(Heard.SHIPMENT_VOIDED))


def on_cancellation_refused(session: Session, event: CancellationRefused) -> None:
    fact = Fact(Heard.CANCELLATION_REFUSED)
    advance.hear(session, event.order_id, fact, reason=event.reason)


def on_return_received(session: Session, event: ReturnReceived) -> None:
    returns.take_back(session, event)


HANDLERS: Handlers = {
    MerchantChanged: on_merchant_changed,
    BuyerErased: on_buyer_erased,
    ProductChanged: on_product_changed,
    ListingChanged: on_listing_changed,
    MarketChanged: on_market_changed,
    QuoteKeyChanged: on_quote_key_changed,
    OfferChanged: on_offer_changed,
    OfferKeyChanged: on_offer_key_changed,
    StockReserved: on_stock_reserved,
    StockShort: on_stock_short,
    ReservationBroken: on_reservation_broken,
    ShipmentBooked: on_shipment_booked,
    ShipmentMoved: on_shipment_moved,
    ShipmentRefused: on_shipment_refused,
    ShipmentVoided: on_shipment_voided,
    CancellationRefused: on_cancellation_refused,
    ReturnReceived: on_return_received,
}
