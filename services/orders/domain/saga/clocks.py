"""How long an order may stay where it is: the only deadlines of the platform."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.orders.domain.saga.words import Status


@dataclass(frozen=True, slots=True)
class Clocks:
    """Configuration; the defaults are those of a shop that ships parcels."""

    stock_verdict: timedelta = timedelta(minutes=2)
    payment: timedelta = timedelta(minutes=30)
    booking: timedelta = timedelta(hours=24)
    hand_over: timedelta = timedelta(days=10)
    return_window: timedelta = timedelta(days=14)


def deadline_after(status: Status, entered_at: datetime, clocks: Clocks) -> datetime | None:
    """When the order hears its deadline; None where it waits for others or has ended.

    Counted from entering the status: a challenge or a declined card does not give more time.
    """
    allowed = {
        Status.PLACED: clocks.stock_verdict,
        Status.RESERVED: clocks.payment,
        Status.CONFIRMED: clocks.booking,
        Status.BOOKED: clocks.hand_over,
        Status.DELIVERED: clocks.return_window,
    }.get(status)
    return None if allowed is None else entered_at + allowed
