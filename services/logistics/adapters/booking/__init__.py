"""Logistics providers' booking: one file each behind the same two questions."""

from dataclasses import dataclass
from typing import Any, Protocol


class Unreachable(Exception):
    """No answer: asked again with the same key until it is known; never booked elsewhere."""


@dataclass(frozen=True)
class Booked:
    tracking_numbers: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class Declined:
    reason: str


class BookingProvider(Protocol):
    """The same key again is the same booking. Raises Unreachable."""

    async def book(self, request: dict[str, Any], key: str) -> Booked | Declined: ...
    async def void(self, request: dict[str, Any], key: str) -> str: ...
