"""What logistics hears, as far as tariffs and quotes are concerned."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.catalog import ListingChanged, MarketChanged, ProductChanged
from services.logistics.commands import known


def on_product_changed(session: Session, event: ProductChanged) -> None:
    known.keep_product(session, event)


def on_listing_changed(session: Session, event: ListingChanged) -> None:
    known.keep_listing(session, event)


def on_market_changed(session: Session, event: MarketChanged) -> None:
    known.keep_market(session, event)


HANDLERS: Handlers = {
    ProductChanged: on_product_changed,
    ListingChanged: on_listing_changed,
    MarketChanged: on_market_changed,
}
