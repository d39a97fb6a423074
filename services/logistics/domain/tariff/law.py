"""The law as dated rows, and an immutable snapshot of it at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from contracts.values import exponent
from services.logistics.domain.tariff.expression import Expression
from services.logistics.domain.tariff.rates import Rate

CURRENCIES = {"US": "USD", "EU": "EUR", "GB": "GBP", "XI": "GBP", "CA": "CAD", "AU": "AUD"}
ZONES = {
    "US": "America/New_York",
    "EU": "Europe/Brussels",
    "GB": "Europe/London",
    "XI": "Europe/London",
    "CA": "America/Toronto",
    "AU": "Australia/Sydney",
}  # where a legal day begins and ends
STACKING = frozenset({"EU", "GB", "XI"})  # added duties of these stack without a relation saying so
EVERYONE = "1011"  # erga omnes
STANDARD_KINDS = ("column2", "mfn")
OPTION_KINDS = (  # in the order that settles a tie, behind the standard rate
    "suspension",
    "mfn_end_use",
    "customs_union",
    "preference",
    "quota_nonpref",
    "quota_pref",
)
PREFERENCES = frozenset({"customs_union", "preference", "quota_pref"})
ADDED_KINDS = frozenset(
    "additional security safeguard anti_dumping countervailing agricultural entry_price".split()
)
DEFENCE = frozenset({"safeguard", "anti_dumping", "countervailing"})
CONTROLS = frozenset({"prohibition", "restriction", "control", "surveillance"})
COLUMNS = frozenset({"general", "special", "column2"})  # of one row of the US tariff, together
CHARGED = frozenset({"in_force", "challenged"})
MODES = frozenset("additive replace minimum_total maximum_total no_additional inclusive".split())
RELIEF_KINDS = frozenset(
    "exempt gift postal flat_per_item simplified_rate waive_charges scale scheme "
    "duty_difference".split()
)
ROUNDING_MODES = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "down": ROUND_DOWN,
    "up": ROUND_CEILING,
}


@dataclass(frozen=True)
class Cited:
    """Where a rule stands, since when, and how sure we are."""

    source: str
    legal_ref: str
    confidence: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One row of a group. `requires` names a kind and its subject: `document:C990`, `quantity`;
    empty for the row that holds where no other of the group does.
    """

    group: str
    seq: int
    requires: str
    operator: str
    amount: Decimal | None
    unit: str
    currency: str
    action: str  # apply, apply_expression, not_apply, allow, refuse, correct_declaration
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is charged or asked. A rate that is not understood is charged as unknown."""

    measure_key: str
    kind: str
    native_type: str
    prefixes: tuple[str, ...]
    rate: Rate
    cited: Cited
    excluded: tuple[str, ...] = ()
    family: str = ""
    origin_area: str = EVERYONE
    origin_exclusions: frozenset[str] = frozenset()
    ship_from_area: str = ""
    programme: str = ""
    additional_code: str = ""
    order_number: str = ""
    tags: frozenset[str] = frozenset()
    mode: str = "additive"
    counts: frozenset[str] = frozenset()
    legal_status: str = "in_force"
    conditions: tuple[Condition, ...] = ()

    @property
    def expression(self) -> Expression | None:
        return self.rate.expression

    @property
    def expression_text(self) -> str:
        return self.rate.text

    @property
    def names(self) -> frozenset[str]:
        """What a relation may call it by."""
        own = {self.measure_key, self.kind, self.native_type, self.programme, self.order_number}
        return frozenset(own - {""}) | self.tags


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    subject: str
    relation: str  # excludes, displaces, max_of, stacks
    object: str
    on_basis: str = "full"
    precedence: int = 0


@dataclass(frozen=True, slots=True)
class Quota:
    """The latest balance heard of a quota's period."""

    order_number: str
    status: str  # open, critical, exhausted, suspended, blocked, reopened
    balance: Decimal
    unit: str
    at: datetime
    max_age_h: int


@dataclass(frozen=True, slots=True)
class Fee:
    fee: str
    expression: Expression
    text: str
    base: str  # customs_value, charges
    per: str  # entry, line, item, parcel
    applies: Mapping[str, frozenset[str]]
    payee: str
    taxable: bool
    cited: Cited


@dataclass(frozen=True, slots=True)
class Relief:
    rule_key: str
    kind: str
    threshold: Decimal
    currency: str
    comparator: str
    measured_on: str
    conditions: Mapping[str, frozenset[str]]
    relieves: frozenset[str]
    effect: str
    precedence: int
    cited: Cited


@dataclass(frozen=True, slots=True)
class Tax:
    tax: str
    atoms: tuple[str, ...]
    collected_by: str
    cited: Cited


@dataclass(frozen=True, slots=True)
class TaxRate:
    tax: str
    tax_class: str
    rate: Decimal  # per cent
    cited: Cited


@dataclass(frozen=True, slots=True)
class Rounding:
    increment: Decimal
    mode: str

    def of(self, amount: Decimal) -> Decimal:
        steps = (amount / self.increment).quantize(Decimal(1), rounding=ROUNDING_MODES[self.mode])
        return steps * self.increment


@dataclass(frozen=True)
class Rules:
    """One jurisdiction at (valid_at, known_at). Built once, shared, never changed."""

    jurisdiction: str
    currency: str
    valid_at: datetime
    known_at: datetime
    commodities: Mapping[str, bool]  # code -> declarable
    by_prefix: Mapping[str, tuple[Measure, ...]]
    areas: Mapping[str, frozenset[str]]
    basis: str  # CIF, FOB, FOB_DIRECT_SHIPMENT; empty where none is loaded
    taxes: tuple[Tax, ...]
    tax_rates: Mapping[tuple[str, str, str], TaxRate]  # tax, area, class
    fees: tuple[Fee, ...]
    reliefs: tuple[Relief, ...]
    relations: tuple[Relation, ...]
    rates: Mapping[str, Decimal]  # units of a currency per unit of the series' base
    coverage: Mapping[str, tuple[str, str]]  # layer -> state, as_of
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> prefixes
    quotas: Mapping[str, Quota] = field(default_factory=dict)  # by order number
    roundings: Mapping[str, Rounding] = field(default_factory=dict)  # by kind of charge
    missing_freight: str = "gap"  # or an uplift of the goods' price, such as `10%`
    uses_fallback: bool = False  # no customs rate is loaded: another series stands in
    plans: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def convert(self, amount: Decimal, currency: str) -> Decimal | None:
        """Into the jurisdiction's currency, unrounded, through the series' base; None: no rate."""
        if currency == self.currency:
            return amount
        ours, theirs = self.rates.get(self.currency), self.rates.get(currency)
        return None if ours is None or theirs is None else amount * ours / theirs

    def round(self, kind: str, amount: Decimal) -> Decimal:
        """Once per ledger line: to the minor unit, half up, where no rule says otherwise."""
        rule = self.roundings.get(kind)
        if rule is not None:
            amount = rule.of(amount)
        return rounded(amount, self.currency)

    def measures_for(self, code: str) -> list[Measure]:
        """Every measure whose scope holds the code, the longest prefix first."""
        return [measure for measure, _ in self.matches(code)]

    def matches(self, code: str) -> list[tuple[Measure, int]]:
        """With the length of the prefix that matched; each measure once, by its longest."""
        found: dict[str, tuple[Measure, int]] = {}
        for length in range(len(code), 1, -1):
            for measure in self.by_prefix.get(code[:length], ()):
                if not any(code.startswith(out) for out in measure.excluded):
                    found.setdefault(measure.measure_key, (measure, length))
        return list(found.values())

    def holds(self, area: str, country: str) -> bool:
        members = self.areas.get(area, frozenset({area}))
        return area == EVERYONE or "*" in members or country in members


_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in range(5)}


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the minor unit, half up."""
    return amount.quantize(_UNITS[exponent(currency)], rounding=ROUND_HALF_UP)
