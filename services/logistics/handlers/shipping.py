"""What logistics hears, as far as shipping is concerned."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.orders import CancelRequested, OrderConfirmed, OrderPaid
from contracts.servqual import ProviderChanged, RatingChanged
from services.logistics.commands import known, shipping


def on_order_confirmed(session: Session, event: OrderConfirmed) -> None:
    shipping.confirm(session, event)


def on_order_paid(session: Session, event: OrderPaid) -> None:
    shipping.pay(session, event.order_id)


def on_cancel_requested(session: Session, event: CancelRequested) -> None:
    shipping.request_cancellation(session, event)


def on_provider_changed(session: Session, event: ProviderChanged) -> None:
    known.keep_provider(session, event)


def on_rating_changed(session: Session, event: RatingChanged) -> None:
    known.keep_rating(session, event)


HANDLERS: Handlers = {
    OrderConfirmed: on_order_confirmed,
    OrderPaid: on_order_paid,
    CancelRequested: on_cancel_requested,
    ProviderChanged: on_provider_changed,
    RatingChanged: on_rating_changed,
}
