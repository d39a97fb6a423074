"""What logistics hears, as far as tariff is concerned."""

from chassis.consume import Handlers

HANDLERS: Handlers = {}
