"""Outgoing calls of logistics: booking and voiding. No provider has an adapter of its own yet."""

from typing import Any

from chassis.calls import Call, Calls
from services.logistics.adapters.booking import Booked, BookingProvider
from services.logistics.adapters.booking.sandbox import Sandbox
from services.logistics.commands.shipping import record_booking, record_void

PROVIDER: BookingProvider = Sandbox()


async def book(request: dict[str, Any], key: str) -> dict[str, Any]:
    answer = await PROVIDER.book(request, key)
    if isinstance(answer, Booked):
        return {"tracking_numbers": list(answer.tracking_numbers), "reference": answer.reference}
    return {"declined": answer.reason}


async def void(request: dict[str, Any], key: str) -> dict[str, Any]:
    return {"verdict": await PROVIDER.void(request, key)}


CALLS: Calls = {
    "booking.book": Call(book, record_booking),
    "booking.void": Call(void, record_void),
}
