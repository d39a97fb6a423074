"""Which surcharges and options a shipment pays, in the card's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from contracts.values import Incoterm
from services.logistics.domain.shipping.card import Option, RateCard, Surcharge
from services.logistics.domain.shipping.places import (
    Place,
    closeness,
    crosses_a_customs_border,
)
from services.logistics.domain.shipping.promise import Promise
from services.logistics.domain.shipping.weight import Gap, Parcel


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be carried. Money is minor units by currency, in each currency the caller has:
    a card compares its own only. `advanced` are duties and taxes the carrier pays at the border.
    """

    ship_from: Place
    destination: Place
    parcels: tuple[Parcel, ...]
    incoterm: Incoterm
    hand_over: datetime
    value: Mapping[str, int] = field(default_factory=dict)
    advanced: Mapping[str, int] | None = None
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One part of a price, with the row of the card that it comes from."""

    kind: str
    amount_minor: int
    card: str  # provider/service
    version: str
    row: str  # file:line
    formula: str


def line_of(card: RateCard, kind: str, amount_minor: int, row: str, formula: str) -> PriceLine:
    own = f"{card.provider}/{card.service}"
    return PriceLine(kind, amount_minor, own, card.version, row, formula)


def surcharge_lines(
    ask: Ask, card: RateCard, base_minor: int, promise: Promise
) -> tuple[list[PriceLine], list[Gap]]:
    """Dated by the pick-up. A surcharge whose fact is not known is a gap, not a zero."""
    lines: list[PriceLine] = []
    gaps: list[Gap] = []
    for surcharge in card.surcharges:
        if not surcharge.is_in_force(promise.picked_up_on):
            continue
        count = _CONCERNS[surcharge.name](ask, surcharge)
        if isinstance(count, Gap):
            gaps.append(count)
        elif count:
            running_minor = base_minor + sum(line.amount_minor for line in lines)
            amount = _amount(ask, card, surcharge, count, (base_minor, running_minor))
            if isinstance(amount, Gap):
                gaps.append(amount)
            else:
                lines.append(line_of(card, surcharge.name, amount[0], surcharge.source, amount[1]))
    return lines, gaps


def _amount(
    ask: Ask, card: RateCard, surcharge: Surcharge, count: int, of: tuple[int, int]
) -> tuple[int, str] | Gap:
    """`of` is (base, running). The amount in minor units with its formula."""
    flat_minor, percent = surcharge.amount_minor or 0, surcharge.percent or Decimal(0)
    if surcharge.basis == "per_shipment":
        amount, formula = flat_minor, "per shipment"
    elif surcharge.basis == "per_parcel":
        amount, formula = flat_minor * count, f"{count} x {flat_minor}"
    elif surcharge.basis == "max_flat_pct_of_advanced":
        if ask.advanced is None or card.currency not in ask.advanced:
            return Gap("advanced_charges_missing", "/advanced", f"duties in {card.currency}")
        advanced_minor = ask.advanced[card.currency]
        amount = max(flat_minor, card.rounded(advanced_minor * percent / 100))
        formula = f"max({flat_minor}, {percent} % of {advanced_minor} advanced)"
    else:
        part_minor = of[0] if surcharge.basis == "pct_of_base" else of[1]
        amount = card.rounded(part_minor * percent / 100)
        formula = f"{percent} % of {part_minor}"
    if surcharge.max_minor is not None and amount > surcharge.max_minor:
        return surcharge.max_minor, f"{formula}, at most {surcharge.max_minor}"
    return amount, formula


def option_line(ask: Ask, card: RateCard, option: Option) -> PriceLine | Gap:
    if option.basis == "per_shipment":
        amount, formula = option.amount_minor or 0, "per shipment"
    elif option.basis == "per_parcel":
        amount = (option.amount_minor or 0) * len(ask.parcels)
        formula = f"{len(ask.parcels)} x {option.amount_minor}"
    else:
        value_minor = ask.value.get(card.currency)
        if value_minor is None:
            return Gap("value_missing", "/value", f"the goods' value in {card.currency}")
        if option.max_minor is not None and value_minor > option.max_minor:
            most = f"{option.name} covers at most {option.max_minor} of {value_minor}"
            return Gap("value_above_cover", "/value", most)
        above_minor, percent = max(0, value_minor - option.free_part_minor), option.percent or 0
        least_minor = option.amount_minor or 0 if above_minor else 0
        amount = max(least_minor, card.rounded(Decimal(above_minor) * percent / 100))
        formula = f"max({least_minor}, {percent} % of {above_minor})"
    return line_of(card, option.name, amount, option.source, formula)


def _remote(ask: Ask, surcharge: Surcharge) -> int | Gap:
    ends = (("ship_from", ask.ship_from), ("destination", ask.destination))
    if any(closeness(area, end) is not None for area in surcharge.areas for _, end in ends):
        return 1
    for name, end in ends:
        narrow = [area for area in surcharge.areas if area[:3] == f"{end.country}:"]
        if narrow and not end.postcode:
            return Gap("postcode_missing", f"/{name}/postcode", "some postcodes are remote")
    return 0


def _oversize(ask: Ask, surcharge: Surcharge) -> int | Gap:
    sides = [parcel.sides_mm for parcel in ask.parcels]
    if None in sides:
        return Gap("dimensions_missing", f"/parcels/{sides.index(None)}", "its longest side")
    return sum(side[0] > (surcharge.above_mm or 0) for side in sides if side)


def _overweight(ask: Ask, surcharge: Surcharge) -> int:
    return sum(parcel.weight_g > (surcharge.above_g or 0) for parcel in ask.parcels)


def _dangerous(ask: Ask, _: Surcharge) -> int:
    return sum(any(tag.split(":")[0] == "dg" for tag in parcel.goods) for parcel in ask.parcels)


def _residential(ask: Ask, _: Surcharge) -> int | Gap:
    known = ask.destination.is_residential
    if known is None:
        return Gap("residential_unknown", "/destination/is_residential", "a home or a business")
    return len(ask.parcels) if known else 0


def _customs(ask: Ask, _: Surcharge) -> int:
    crossed = crosses_a_customs_border(ask.ship_from.country, ask.destination.country)
    return len(ask.parcels) if crossed else 0


def _disbursement(ask: Ask, surcharge: Surcharge) -> int:
    return _customs(ask, surcharge) if ask.incoterm is Incoterm.DDP else 0


def _always(ask: Ask, _: Surcharge) -> int:
    return len(ask.parcels)


_CONCERNS: dict[str, Callable[[Ask, Surcharge], int | Gap]] = {
    "fuel": _always,
    "peak": _always,
    "remote_area": _remote,
    "oversize": _oversize,
    "overweight": _overweight,
    "dangerous_goods": _dangerous,
    "residential": _residential,
    "customs_clearance": _customs,
    "duty_disbursement": _disbursement,
}  # how many parcels a surcharge concerns; 0: not this shipment
