"""What is to be sent, to whom, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from contracts.values import Incoterm


@dataclass(frozen=True, slots=True)
class Claim:
    """A rate asked for: a programme with its proof of origin, or a quota by its number."""

    programme: str = ""
    proof: str = ""
    order_number: str = ""


@dataclass(frozen=True)
class Line:
    """One line of goods. `goods` is the whole line's price in the request's currency.

    `components` are values in that currency: `component:case`, `content:steel`, `retail_price`,
    `us_content`, `repair_value`. `additions` (assists, royalties, packing) join the customs value,
    `deductions` (buying commission, services after import) leave it.
    """

    line_id: str
    goods: Decimal
    quantity: int
    hs_code: str | None = None
    origin: str | None = None
    gross_weight_g: int | None = None
    net_weight_g: int | None = None
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    tax_class: str | None = None
    description: str = ""
    preferential_origin: str | None = None
    abv_pct: Decimal | None = None
    components: Mapping[str, Decimal] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    documents: frozenset[str] = frozenset()
    end_uses: frozenset[str] = frozenset()
    additional_code: str = ""
    is_gift: bool = False
    additions: Decimal = Decimal(0)
    deductions: Decimal = Decimal(0)


@dataclass(frozen=True)
class Request:
    """A consignment. `freight` and `insurance`: international, in `currency`; None is unknown.

    `price_term` says what the goods' price contains, `incoterm` who pays. Of what a price
    contains only stated amounts are taken out.
    """

    jurisdiction: str
    tax_area: str
    destination: str
    ship_from: str
    from_jurisdiction: str | None
    currency: str
    lines: tuple[Line, ...]
    freight: Decimal | None
    insurance: Decimal | None
    incoterm: Incoterm
    rate_date: datetime
    buyer: str = "consumer"
    mode: str = "courier"
    channel: str = "distance_sale"
    entry_type: str = "informal"  # how customs is told: parcels informally, freight formally
    schemes: frozenset[str] = frozenset()  # with a registration number
    schemes_without_number: frozenset[str] = frozenset()
    price_term: Incoterm = Incoterm.FCA
    pre_carriage: Decimal | None = None
    post_border_cost: Decimal | None = None
    first_destination_cost: Decimal | None = None
    buyer_tax_number: str = ""
    flat_duty_is_taxed: bool = True  # the dearer reading, unless the tenant's policy says otherwise
    is_at_risk: bool = True  # Northern Ireland: goods that may move on into the Union

    @property
    def crosses_a_border(self) -> bool:
        return self.from_jurisdiction != self.jurisdiction
