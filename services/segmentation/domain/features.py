"""Features of a merchant's buyers: each defined, and finite, for everyone who has bought."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from math import fsum, log
from statistics import median

from contracts.values import exponent
from services.segmentation.domain.facts import Order

FEATURE_SET = 1
NAMES = (
    "recency_days",
    "frequency",
    "monetary",
    "tenure_days",
    "interval_median_days",
    "basket_value",
    "basket_lines",
    "return_rate",
    "cross_border_share",
    "markets",
    "category_entropy",
    "offer_share",
    "late_share",
)
LOGGED = frozenset(
    "recency_days frequency monetary tenure_days interval_median_days basket_value basket_lines "
    "markets".split()
)  # counts, money, durations
PRIOR = 5  # lines, or deliveries, that the merchant's own rate weighs
_DAY_S = 86_400


@dataclass(frozen=True)
class SnapshotKey:
    """All that decides a snapshot's bytes. `rates` are worth of one unit in base currency."""

    cutoff: datetime
    known_at: datetime
    base_currency: str
    home: tuple[str, ...]  # countries the merchant is at home in; elsewhere is across a border
    rates: tuple[tuple[str, str], ...] = ()
    window_days: int = 365
    feature_set: int = FEATURE_SET

    @property
    def since(self) -> datetime:
        return self.cutoff - timedelta(days=self.window_days)

    def sha256(self, tenant: str) -> str:
        said = json.dumps([tenant, "customers", *vars(self).values()], default=str)
        return hashlib.sha256(said.encode()).hexdigest()


def rates_of(rates: Mapping[str, Decimal]) -> tuple[tuple[str, str], ...]:
    """As a key holds them: in one order, in one spelling."""
    return tuple(sorted((code, format(rate.normalize(), "f")) for code, rate in rates.items()))


@dataclass(frozen=True)
class Snapshot:
    """Rows by subject; `priors` are the merchant's own shares that small numbers lean on."""

    subjects: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    priors: Mapping[str, float]
    left_out: Mapping[str, int]  # prospect, outside_window, no_rate, no_value

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for subject, row in zip(self.subjects, self.rows, strict=True):
            digest.update(f"{subject}\t{','.join(map(repr, row))}\n".encode())
        return digest.hexdigest()


Bought = tuple[datetime, int, int, bool]  # placed at, base minor units, lines, across a border


@dataclass(slots=True)
class Activity:
    """What one subject bought in the window, added up; nothing of anybody else's in it."""

    first_at: datetime | None = None  # ever; None: never bought
    bought: list[Bought] = field(default_factory=list)
    refunded: int = 0
    returned_lines: int = 0
    destinations: set[str] = field(default_factory=set)
    by_chapter: dict[str, int] = field(default_factory=dict)
    with_offer: int = 0
    delivered: int = 0
    late: int = 0
    has_no_value: bool = False  # an order whose value nobody said
    has_no_rate: bool = False

    @property
    def left_out(self) -> str:
        """Why it cannot be counted; empty if it can."""
        if self.first_at is None:
            return "prospect"
        if self.has_no_value:
            return "no_value"
        if self.has_no_rate:
            return "no_rate"
        return "" if self.bought else "outside_window"


@dataclass
class Rates:
    """What money is worth in the base currency, by the rates of a key."""

    key: SnapshotKey
    known: dict[str, Decimal] = field(init=False)

    def __post_init__(self) -> None:
        self.known = {currency: Decimal(rate) for currency, rate in self.key.rates}
        self.known[self.key.base_currency] = Decimal(1)

    def base(self, minor: int, currency: str) -> int:
        """Minor units of the base currency, half to even. Raises KeyError without a rate."""
        if currency == self.key.base_currency:
            return minor
        digits = exponent(self.key.base_currency) - exponent(currency)
        worth = (Decimal(minor) * self.known[currency]).scaleb(digits)
        return int(worth.quantize(Decimal(1), ROUND_HALF_EVEN))


def snapshot(
    orders: Iterable[Order], key: SnapshotKey, priors: Mapping[str, float] | None = None
) -> Snapshot:
    """One row per buyer of the window, by subject. `priors` of a model, else the window's own.

    Orders may come in any order; of each only counts are kept. Who cannot be counted is left out
    and told, never guessed: no paid order ever (`prospect`), none in the window, an order in a
    currency without a rate, or one whose value nobody said.
    """
    activities = by_buyer(orders, key)
    counted = {buyer: each for buyer, each in activities.items() if not each.left_out}
    left_out = Counter(each.left_out for each in activities.values() if each.left_out)
    shares = priors_of(counted.values()) if priors is None else priors
    subjects = tuple(sorted(counted))
    rows = tuple(row_of(counted[subject], key, shares) for subject in subjects)
    return Snapshot(subjects, rows, shares, dict(left_out))


def by_buyer(orders: Iterable[Order], key: SnapshotKey) -> dict[str, Activity]:
    rates, since = Rates(key), key.since
    found: dict[str, Activity] = {}
    for order in orders:
        each = found.get(order.buyer_id)
        if each is None:
            each = found[order.buyer_id] = Activity()
        placed_at = order.placed_at
        if not order.is_bought or placed_at >= key.cutoff:
            continue
        if each.first_at is None or placed_at < each.first_at:
            each.first_at = placed_at
        if placed_at >= since:
            _add(each, order, key, rates)
    return found


def _add(each: Activity, order: Order, key: SnapshotKey, rates: Rates) -> None:
    value, code = order.value_minor, order.currency
    if value is None or code not in rates.known:
        each.has_no_value |= value is None
        each.has_no_rate |= value is not None
        return
    is_abroad = order.destination not in key.home
    each.bought.append((order.placed_at, rates.base(value, code), len(order.lines), is_abroad))
    each.refunded += rates.base(order.refunded_minor, code)
    each.returned_lines += order.returned_lines
    each.destinations.add(order.destination)
    offered = 0
    for line in order.lines:
        worth = line.value_minor or 0
        chapter = line.chapter or "unknown"  # it stands with the others of its kind
        each.by_chapter[chapter] = each.by_chapter.get(chapter, 0) + rates.base(worth, code)
        offered += worth if line.has_offer else 0
    each.with_offer += rates.base(offered, code)
    if order.late_days is not None:
        each.delivered += 1
        each.late += order.late_days > 0


def priors_of(activities: Iterable[Activity]) -> dict[str, float]:
    """The merchant's share of returned lines and of late deliveries; 0 where there was none."""
    lines = returned = delivered = late = 0
    for each in activities:
        lines += sum(bought[2] for bought in each.bought)
        returned += each.returned_lines
        delivered += each.delivered
        late += each.late
    return {
        "return_rate": returned / lines if lines else 0.0,
        "late_share": late / delivered if delivered else 0.0,
    }


def row_of(each: Activity, key: SnapshotKey, priors: Mapping[str, float]) -> tuple[float, ...]:
    """In the order of NAMES. Days, counts, base minor units, shares; total and finite."""
    bought_at, values, lines, abroad = zip(*sorted(each.bought), strict=True)
    tenure = _days(key.cutoff - (each.first_at or bought_at[0]))
    gaps = [_days(later - earlier) for earlier, later in pairwise(bought_at)]
    value = sum(values)
    weights = values if value > 0 else (1,) * len(values)
    across = sum([w for w, is_abroad in zip(weights, abroad, strict=True) if is_abroad])
    return (
        _days(key.cutoff - bought_at[-1]),
        float(len(bought_at)),
        float(max(0, value - each.refunded)),
        tenure,
        float(median(gaps)) if gaps else tenure,
        float(median(values)),
        float(median(lines)),
        _shrunk(each.returned_lines, sum(lines), priors["return_rate"]),
        across / sum(weights),
        float(len(each.destinations)),
        _entropy(each.by_chapter.values()),
        each.with_offer / value if value > 0 else 0.0,
        _shrunk(each.late, each.delivered, priors["late_share"]),
    )


def _days(span: timedelta) -> float:
    return span / timedelta(seconds=_DAY_S)


def _shrunk(some: int, of: int, prior: float) -> float:
    """Small numbers lean on the merchant's own share."""
    return (some + PRIOR * prior) / (of + PRIOR)


def _entropy(values: Iterable[int]) -> float:
    """Shannon, in nats; of nothing, 0."""
    known = sorted(value for value in values if value > 0)
    total = sum(known)
    return abs(fsum(-value / total * log(value / total) for value in known))
