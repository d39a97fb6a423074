"""What the gateway hears: every public event, to tell merchants of it. It acts on none."""

from chassis.consume import Handlers
from gateway.commands.telling import tell_merchants
from gateway.events import PUBLIC

HANDLERS: Handlers = dict.fromkeys(PUBLIC.values(), tell_merchants)
