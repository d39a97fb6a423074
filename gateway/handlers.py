"""What the gateway hears: every public event, to tell of it. It decides nothing by one."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.event import Event
from gateway.commands.notifying import notify
from gateway.commands.telling import tell_merchants
from gateway.events import PUBLIC


def on_public_event(session: Session, event: Event) -> None:
    tell_merchants(session, event)
    notify(session, event)


HANDLERS: Handlers = dict.fromkeys(PUBLIC.values(), on_public_event)
