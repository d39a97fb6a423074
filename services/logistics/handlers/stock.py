"""What logistics hears, as far as stock is concerned."""

from chassis.consume import Handlers

HANDLERS: Handlers = {}
