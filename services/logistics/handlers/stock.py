"""What logistics hears, as far as stock is concerned."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.orders import OrderCancelled, OrderPlaced, ReturnRequested
from services.logistics.commands import stock


def on_order_placed(session: Session, event: OrderPlaced) -> None:
    if not event.imported:
        stock.reserve(session, event)


def on_order_cancelled(session: Session, event: OrderCancelled) -> None:
    stock.release(session, event.tenant, event.order_id)


def on_return_requested(session: Session, event: ReturnRequested) -> None:
    stock.expect_return(session, event)


HANDLERS: Handlers = {
    OrderPlaced: on_order_placed,
    OrderCancelled: on_order_cancelled,
    ReturnRequested: on_return_requested,
}
