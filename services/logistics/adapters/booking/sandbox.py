"""The sandbox carrier: books for any provider that has a rate card and no adapter of its own.

| destination postcode begins with | what happens |
|---|---|
| 99990 | the first provider asked declines (no capacity), the next accepts |
| 99991 | everybody declines |
| 99992 | the first call of a key gets no answer; the repeated call finds the booking |
| 99993 | the answer comes two seconds late |
| anything else | accepted |

Tracking numbers are derived from the key, so the same key is the same booking.
"""

import asyncio
import hashlib
from typing import Any

from services.logistics.adapters.booking import Booked, Declined, Unreachable

LATE_S = 2.0


class Sandbox:
    """Implements BookingProvider. It remembers only which keys it has let time out."""

    def __init__(self) -> None:
        self._timed_out: set[str] = set()

    async def book(self, request: dict[str, Any], key: str) -> Booked | Declined:
        postcode = request["postcode"].replace(" ", "")
        if postcode.startswith("99991"):
            return Declined("no capacity on this lane")
        if postcode.startswith("99990") and request["offer"] == 0:
            return Declined("no capacity today")
        if postcode.startswith("99992") and key not in self._timed_out:
            self._timed_out.add(key)
            raise Unreachable("the sandbox did not answer in time")
        if postcode.startswith("99993"):
            await asyncio.sleep(LATE_S)
        digest = hashlib.sha256(key.encode()).hexdigest()
        numbers = [f"HN{digest[at : at + 12].upper()}" for at in range(request["parcels"])]
        return Booked(tuple(numbers), f"sbx_{digest[:24]}")

    async def void(self, request: dict[str, Any], key: str) -> str:  # noqa: ARG002
        return "voided"
