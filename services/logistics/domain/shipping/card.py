"""A rate card as it is read: what one provider's service costs, where, for how much weight."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

from contracts.values import Incoterm

ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "up": ROUND_UP}


@dataclass(frozen=True, slots=True)
class Lane:
    """From one area to another. Areas: `DE`, `US/CA` (region), `GB:HS` (postcode prefix)."""

    origin: str
    destination: str
    zone: str
    transit_min: int  # working days
    transit_max: int
    cutoff: time
    timezone: str
    pickup_days: frozenset[int] | None  # Monday is 0; None: the country's own working days
    delivery_days: frozenset[int] | None
    source: str


@dataclass(frozen=True, slots=True)
class Band:
    """One flat price for chargeable weights above `above_g`, up to and with `up_to_g`."""

    zone: str
    above_g: int
    up_to_g: int
    amount_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """Above the last band, `amount_minor` more for each started `step_g`."""

    zone: str
    above_g: int
    up_to_g: int | None
    step_g: int
    amount_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class Piece:
    zone: str
    amount_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class Surcharge:
    name: str
    basis: str
    order: int
    amount_minor: int | None
    percent: Decimal | None
    max_minor: int | None
    valid_from: date | None
    valid_to: date | None  # inclusive
    areas: tuple[str, ...]
    above_g: int | None
    above_mm: int | None
    source: str

    def is_in_force(self, on: date) -> bool:
        return (self.valid_from or on) <= on <= (self.valid_to or on)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service refuses. None and empty: no limit is known, none is applied."""

    max_weight_g: int | None = None
    max_longest_mm: int | None = None
    max_girth_mm: int | None = None
    max_shipment_g: int | None = None
    max_parcels: int | None = None
    max_value_minor: int | None = None
    refused_countries: frozenset[str] = frozenset()
    refused_goods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    basis: str
    amount_minor: int | None
    percent: Decimal | None
    free_part_minor: int
    max_minor: int | None  # the highest value insured
    source: str


@dataclass(frozen=True, slots=True)
class RateCard:
    provider: str
    service: str
    version: str
    valid_from: date
    valid_to: date | None  # inclusive
    currency: str
    rounding: str
    weigh_by: str  # parcel, shipment
    divisor: int | None  # cm3 per kg; None: actual weight only
    exempt_cm3: int | None
    step_g: int
    minimum_minor: int
    incoterms: frozenset[Incoterm]
    service_class: str
    source: str
    lanes: tuple[Lane, ...] = ()
    bands: tuple[Band, ...] = ()  # of each zone in rising order
    steps: tuple[Step, ...] = ()
    pieces: tuple[Piece, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()  # in order of application
    options: tuple[Option, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def is_in_force(self, on: date) -> bool:
        return self.valid_from <= on <= (self.valid_to or on)

    def rounded(self, amount: Decimal) -> int:
        return int(amount.quantize(Decimal(1), rounding=ROUNDINGS[self.rounding]))
