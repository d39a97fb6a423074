"""Stock arithmetic: what is short, where it comes from, whose reservation breaks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Balance:
    """What can be promised of one SKU at one location: on hand less live reservations."""

    location_id: str
    sku: str
    available: int


@dataclass(frozen=True)
class Take:
    sku: str
    location_id: str
    quantity: int


def summed(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Units per SKU: two lines of one SKU are one demand."""
    total: Counter[str] = Counter()
    for sku, quantity in lines:
        total[sku] += quantity
    return dict(total)


def shortfall(wanted: Mapping[str, int], available: Mapping[str, int]) -> dict[str, int]:
    """Units missing per SKU; empty means that all of it can be filled."""
    missing = {sku: quantity - available.get(sku, 0) for sku, quantity in wanted.items()}
    return {sku: units for sku, units in missing.items() if units > 0}


def takes(wanted: Mapping[str, int], balances: Sequence[Balance]) -> tuple[Take, ...]:
    """Where each unit comes from. The location that fills most on its own comes first, so that
    one parcel is enough where it can be; more are used only for what it lacks.

    The whole must be available: `shortfall` is asked first.
    """
    by_place: dict[str, dict[str, int]] = {}
    for balance in balances:
        by_place.setdefault(balance.location_id, {})[balance.sku] = max(0, balance.available)
    left, found = dict(wanted), []
    while any(left.values()) and by_place:
        best = min(by_place, key=lambda place: (-_filled(left, by_place[place]), place))
        for sku, units in sorted(by_place.pop(best).items()):
            taken = min(units, left.get(sku, 0))
            if taken:
                left[sku] -= taken
                found.append(Take(sku, best, taken))
    return tuple(found)


def _filled(wanted: Mapping[str, int], available: Mapping[str, int]) -> int:
    return sum(min(units, available.get(sku, 0)) for sku, units in wanted.items())


def broken(claims: Sequence[tuple[str, int]], on_hand: int) -> dict[str, int]:
    """Which orders can no longer be filled, and how many units each lacks.

    `claims` are (order, units), the oldest first: the youngest go without.
    """
    left, short = on_hand, {}
    for order_id, units in claims:
        given = min(units, max(0, left))
        left -= units
        if given < units:
            short[order_id] = units - given
    return short
