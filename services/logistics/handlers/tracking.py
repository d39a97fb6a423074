"""What logistics hears, as far as tracking is concerned."""

from chassis.consume import Handlers

HANDLERS: Handlers = {}
