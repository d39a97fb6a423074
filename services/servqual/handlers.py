"""What servqual hears."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.gateway import BuyerErased, MerchantChanged
from contracts.logistics import ShipmentBooked, ShipmentConcluded
from services.servqual.commands import evidence


def on_merchant_changed(session: Session, event: MerchantChanged) -> None:
    evidence.keep_merchant(session, event)


def on_shipment_booked(session: Session, event: ShipmentBooked) -> None:
    evidence.keep_booked(session, event)


def on_shipment_concluded(session: Session, event: ShipmentConcluded) -> None:
    evidence.keep_concluded(session, event)


def on_buyer_erased(session: Session, event: BuyerErased) -> None:
    evidence.forget_buyer(session, event)


HANDLERS: Handlers = {
    MerchantChanged: on_merchant_changed,
    ShipmentBooked: on_shipment_booked,
    ShipmentConcluded: on_shipment_concluded,
    BuyerErased: on_buyer_erased,
}
