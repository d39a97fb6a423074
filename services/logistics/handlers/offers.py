"""What logistics hears of offers: a quote may be taken with one."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.segmentation import OfferChanged, OfferKeyChanged
from services.logistics.commands import offers


def on_offer_changed(session: Session, event: OfferChanged) -> None:
    offers.keep_offer(session, event)


def on_offer_key_changed(session: Session, event: OfferKeyChanged) -> None:
    offers.keep_offer_key(session, event)


HANDLERS: Handlers = {
    OfferChanged: on_offer_changed,
    OfferKeyChanged: on_offer_key_changed,
}
