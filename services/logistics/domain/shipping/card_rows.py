"""The rows of a rate card: one reader per `record`. What is read is checked by `card_checks`."""

from collections.abc import Callable

from contracts.values import Incoterm
from services.logistics.domain.shipping import cells
from services.logistics.domain.shipping.card import (
    ROUNDINGS,
    Band,
    Lane,
    Option,
    Piece,
    RateCard,
    Step,
    Surcharge,
)
from services.logistics.domain.shipping.cells import Row, matching, money, one_of, whole

COLUMNS = tuple(
    """record provider service version valid_from valid_to currency rounding weigh_by divisor
    exempt_cm3 step_g minimum incoterms service_class origin destination zone transit_min
    transit_max cutoff timezone pickup_days delivery_days up_to_g amount name basis percent order
    areas above_g above_mm free_part max_amount value""".split()
)
RECORDS = ("card", "lane", "band", "step", "piece", "surcharge", "limit", "option")
SURCHARGES = tuple(
    """fuel remote_area oversize overweight dangerous_goods peak residential customs_clearance
    duty_disbursement""".split()
)
OPTIONS = tuple(
    "insurance special_packing expedite timed evening signature pickup_window cold_chain".split()
)
_NEEDS = {
    "per_shipment": ("amount",),
    "per_parcel": ("amount",),
    "pct_of_base": ("percent",),
    "pct_of_running": ("percent",),
    "pct_of_value": ("percent",),
    "max_flat_pct_of_advanced": ("amount", "percent"),
    "remote_area": ("areas",),
    "oversize": ("above_mm",),
    "overweight": ("above_g",),
}
_ID = matching(r"[a-z0-9_-]{1,40}")
_ZONE = matching(r"[A-Za-z0-9_-]{1,20}")

CardKey = tuple[str, str, str]
Part = Lane | Band | Step | Piece | Surcharge | Option | tuple[str, object]


def key_of(row: Row) -> CardKey:
    version = row.required("version", matching(r"[A-Za-z0-9._-]{1,20}"))
    return row.required("provider", _ID), row.required("service", _ID), version


def card(row: Row, key: CardKey) -> RateCard:
    currency = row.required("currency", cells.currency)
    minimum = row.optional("minimum", money(currency)) if currency else None
    provider, service, version = key
    valid_from, valid_to = (
        row.required("valid_from", cells.day),
        row.optional("valid_to", cells.day),
    )
    if valid_from and valid_to and valid_to < valid_from:
        row.refuse("valid_to", "unreadable", "the card ends before it begins")
    return RateCard(
        provider=provider,
        service=service,
        version=version,
        valid_from=valid_from,
        valid_to=valid_to,
        currency=currency,
        rounding=row.optional("rounding", one_of(*ROUNDINGS)) or "half_up",
        weigh_by=row.required("weigh_by", one_of("parcel", "shipment")),
        divisor=row.optional("divisor", whole(1)),
        exempt_cm3=row.optional("exempt_cm3", whole(1)),
        step_g=row.required("step_g", whole(1)),
        minimum_minor=minimum or 0,
        incoterms=frozenset(row.required("incoterms", cells.listed(Incoterm)) or ()),
        service_class=row.optional("service_class", one_of("economy", "standard", "express"))
        or "standard",
        source=row.source,
    )


def _lane(row: Row, _: str) -> Lane:
    least, most = row.required("transit_min", whole()), row.required("transit_max", whole())
    if least is not None and most is not None and most < least:
        row.refuse("transit_max", "unreadable", "transit_max is less than transit_min")
    return Lane(
        origin=row.required("origin", cells.area),
        destination=row.required("destination", cells.area),
        zone=row.required("zone", _ZONE),
        transit_min=least,
        transit_max=most,
        cutoff=row.required("cutoff", cells.clock),
        timezone=row.required("timezone", cells.timezone),
        pickup_days=row.optional("pickup_days", cells.weekdays),
        delivery_days=row.optional("delivery_days", cells.weekdays),
        source=row.source,
    )


def _band(row: Row, currency: str) -> Band:
    """`above_g` is -1 where the row leaves it open; the checks put the bands' ends together."""
    above_g = row.optional("above_g", whole())
    return Band(
        zone=row.required("zone", _ZONE),
        above_g=-1 if above_g is None else above_g,
        up_to_g=row.required("up_to_g", whole(1)),
        amount_minor=row.required("amount", money(currency)),
        source=row.source,
    )


def _step(row: Row, currency: str) -> Step:
    above_g = row.optional("above_g", whole())
    return Step(
        zone=row.required("zone", _ZONE),
        above_g=-1 if above_g is None else above_g,
        up_to_g=row.optional("up_to_g", whole(1)),
        step_g=row.required("step_g", whole(1)),
        amount_minor=row.required("amount", money(currency)),
        source=row.source,
    )


def _piece(row: Row, currency: str) -> Piece:
    zone, amount = row.required("zone", _ZONE), row.required("amount", money(currency))
    return Piece(zone, amount, row.source)


def _surcharge(row: Row, currency: str) -> Surcharge:
    name = row.required("name", one_of(*SURCHARGES))
    bases = "per_shipment per_parcel pct_of_base pct_of_running max_flat_pct_of_advanced".split()
    basis = row.required("basis", one_of(*bases))
    _demand(row, name, basis)
    return Surcharge(
        name=name,
        basis=basis,
        order=row.required("order", whole()),
        amount_minor=row.optional("amount", money(currency)),
        percent=row.optional("percent", cells.percent),
        max_minor=row.optional("max_amount", money(currency)),
        valid_from=row.optional("valid_from", cells.day),
        valid_to=row.optional("valid_to", cells.day),
        areas=row.optional("areas", cells.listed(cells.area)) or (),
        above_g=row.optional("above_g", whole()),
        above_mm=row.optional("above_mm", whole()),
        source=row.source,
    )


def _option(row: Row, currency: str) -> Option:
    name = row.required("name", one_of(*OPTIONS))
    basis = row.required("basis", one_of("per_shipment", "per_parcel", "pct_of_value"))
    _demand(row, name, basis)
    return Option(
        name=name,
        basis=basis,
        amount_minor=row.optional("amount", money(currency)),
        percent=row.optional("percent", cells.percent),
        free_part_minor=row.optional("free_part", money(currency)) or 0,
        max_minor=row.optional("max_amount", money(currency)),
        source=row.source,
    )


def _demand(row: Row, name: str, basis: str) -> None:
    for column in (*_NEEDS.get(basis, ()), *_NEEDS.get(name, ())):
        if not row.cells.get(column):
            row.refuse(column, "missing", f"{name} by {basis} needs {column}")


def _limit(row: Row, currency: str) -> tuple[str, object]:
    grams_and_sizes = dict.fromkeys(
        "max_weight_g max_longest_mm max_girth_mm max_shipment_g max_parcels".split(), whole(1)
    )
    readers: dict[str, Callable[[str], object]] = {
        **grams_and_sizes,
        "max_value": money(currency),
        "refused_countries": cells.listed(cells.country),
        "refused_goods": cells.listed(matching(r"[a-z_]{1,20}(:[a-z0-9_.]{1,20})?")),
    }
    name = row.required("name", one_of(*readers))
    return name, row.required("value", readers[name]) if name else None


READERS: dict[str, Callable[[Row, str], Part]] = {
    "lane": _lane,
    "band": _band,
    "step": _step,
    "piece": _piece,
    "surcharge": _surcharge,
    "limit": _limit,
    "option": _option,
}
