"""What is to be sent, to whom, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from contracts.values import Incoterm


@dataclass(frozen=True)
class Line:
    """One line of goods. `goods` is the whole line's price in the request's currency."""

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


@dataclass(frozen=True)
class Request:
    """A consignment. `freight` and `insurance`: international, in `currency`; None is unknown."""

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
    schemes: frozenset[str] = frozenset()

    @property
    def crosses_a_border(self) -> bool:
        return self.from_jurisdiction != self.jurisdiction
