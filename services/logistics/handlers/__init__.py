"""What logistics hears. One event has one handler; it calls each room that has a part in it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis.consume import Handler, Handlers
from contracts.event import Event
from services.logistics.handlers import offers, shipping, stock, tariff, tracking


def _joined(*rooms: Mapping[type[Event], Handler]) -> Handlers:
    """In the order of the rooms, in one transaction."""
    parts: dict[type[Event], list[Callable[[Session, Any], None]]] = defaultdict(list)
    for room in rooms:
        for event, handler in room.items():
            parts[event].append(handler)
    return {event: _each(handlers) for event, handlers in parts.items()}


def _each(handlers: list[Handler]) -> Handler:
    def on_event(session: Session, event: Event) -> None:
        for handler in handlers:
            handler(session, event)

    return on_event


HANDLERS: Handlers = _joined(
    tariff.HANDLERS, offers.HANDLERS, stock.HANDLERS, shipping.HANDLERS, tracking.HANDLERS
)
