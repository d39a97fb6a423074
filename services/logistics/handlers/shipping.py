"""What logistics hears, as far as shipping is concerned."""

from chassis.consume import Handlers

HANDLERS: Handlers = {}
