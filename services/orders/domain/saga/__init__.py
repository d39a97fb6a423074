"""The way of an order from placed to its end, and of its payment beside it."""

from services.orders.domain.saga.clocks import Clocks, deadline_after
from services.orders.domain.saga.state import Fact, OrderState, Returned, Shipment, Units
from services.orders.domain.saga.table import Do, Step, advance
from services.orders.domain.saga.words import (
    CANCELLABLE,
    Effect,
    Flag,
    Heard,
    Payment,
    Progress,
    Status,
)

__all__ = [
    "CANCELLABLE",
    "Clocks",
    "Do",
    "Effect",
    "Fact",
    "Flag",
    "Heard",
    "OrderState",
    "Payment",
    "Progress",
    "Returned",
    "Shipment",
    "Status",
    "Step",
    "Units",
    "advance",
    "deadline_after",
]
