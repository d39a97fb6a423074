"""Parcels and the weight they are charged by."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.logistics.domain.shipping.card import RateCard


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that is missing, and where the caller can give it (a JSON pointer)."""

    code: str
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """As it leaves: outer sizes, gross weight. No size is known where one is missing."""

    weight_g: int
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    goods: frozenset[str] = frozenset()  # tags such as dg:3, battery:lithium_ion, food
    contents: tuple[tuple[str, int], ...] = ()  # SKU, units
    without_dimensions: tuple[str, ...] = ()  # the SKUs that cost the parcel its size
    box: str | None = None
    fill_percent: int | None = None

    @property
    def sides_mm(self) -> tuple[int, int, int] | None:
        """Longest first."""
        sides = (self.length_mm, self.width_mm, self.height_mm)
        known = [side for side in sides if side is not None]
        if len(known) < 3:
            return None
        longest, middle, shortest = sorted(known, reverse=True)
        return longest, middle, shortest

    @property
    def girth_mm(self) -> int | None:
        """Longest side and twice each of the others."""
        sides = self.sides_mm
        return None if sides is None else sides[0] + 2 * (sides[1] + sides[2])


@dataclass(frozen=True, slots=True)
class Chargeable:
    parcels: tuple[int, ...]  # their places in the request
    grams: int
    formula: str


def chargeable_weights(
    parcels: Sequence[Parcel], card: RateCard
) -> tuple[tuple[Chargeable, ...], tuple[Gap, ...]]:
    """One per parcel, or one for the shipment, as the card says; or the sizes that are missing."""
    gaps = size_gaps(parcels) if card.divisor else ()
    if gaps:
        return (), gaps
    if card.weigh_by == "shipment":
        return (_charged(tuple(range(len(parcels))), parcels, card),), ()
    return tuple(_charged((at,), (parcel,), card) for at, parcel in enumerate(parcels)), ()


def size_gaps(parcels: Sequence[Parcel]) -> tuple[Gap, ...]:
    return tuple(
        Gap("dimensions_missing", f"/parcels/{at}", f"length, width and height of {whose}")
        for at, parcel in enumerate(parcels)
        if parcel.sides_mm is None
        for whose in (parcel.without_dimensions or (f"parcel {at + 1}",))
    )


def _charged(places: tuple[int, ...], parcels: Sequence[Parcel], card: RateCard) -> Chargeable:
    actual_g = sum(parcel.weight_g for parcel in parcels)
    heaviest_g, text = actual_g, f"actual {actual_g} g"
    if card.divisor:
        volume_g = sum(_volume_g(parcel, card.divisor, card.exempt_cm3) for parcel in parcels)
        heaviest_g = max(actual_g, volume_g)
        text = f"max({text}, volume / {card.divisor} = {volume_g} g)"
    grams = -(-heaviest_g // card.step_g) * card.step_g
    return Chargeable(places, grams, f"{text}, up to {card.step_g} g: {grams} g")


def _volume_g(parcel: Parcel, divisor: int, exempt_cm3: int | None) -> int:
    """mm3 / divisor is grams where the divisor is cm3 per kg; a small parcel counts its weight."""
    longest, middle, shortest = parcel.sides_mm or (0, 0, 0)
    volume_mm3 = longest * middle * shortest
    if exempt_cm3 is not None and volume_mm3 <= exempt_cm3 * 1000:
        return parcel.weight_g
    return -(-volume_mm3 // divisor)
