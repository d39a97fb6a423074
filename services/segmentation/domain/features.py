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


@dataclass(frozen=True)
class Activity:
    """What one subject bought in the window, counted; nothing of anybody else's in it."""

    first_at: datetime
    bought_at: tuple[datetime, ...]
    values: tuple[int, ...]  # of each order, base minor units
    refunded: int
    line_counts: tuple[int, ...]
    returned_lines: int
    abroad: tuple[bool, ...]
    destinations: int
    by_chapter: Mapping[str, int]
    with_offer: int
    delivered: int
    late: int


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
    batches: Iterable[Iterable[Order]], key: SnapshotKey, priors: Mapping[str, float] | None = None
) -> Snapshot:
    """One row per buyer of the window, by subject. `priors` of a model, else the window's own.

    All orders of a buyer stand in one batch; only counts are kept of a batch. Who cannot be counted
    is left out and told, never guessed: no paid order ever (`prospect`), none in the window, an
    order in a currency without a rate, or one whose value nobody said.
    """
    counted: dict[str, Activity] = {}
    left_out: Counter[str] = Counter()
    rates = Rates(key)
    for batch in batches:
        for buyer, orders in _by_buyer(batch).items():
            found = activity(orders, key, rates)
            if isinstance(found, str):
                left_out[found] += 1
            else:
                counted[buyer] = found
    shares = priors_of(counted.values()) if priors is None else priors
    subjects = tuple(sorted(counted))
    rows = tuple(row_of(counted[subject], key, shares) for subject in subjects)
    return Snapshot(subjects, rows, shares, dict(left_out))


def _by_buyer(orders: Iterable[Order]) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = {}
    for order in orders:
        found.setdefault(order.buyer_id, []).append(order)
    return found


def activity(orders: Iterable[Order], key: SnapshotKey, rates: Rates) -> Activity | str:
    """Of one subject; or the word for why there is none."""
    bought = sorted(
        (order for order in orders if order.is_bought and order.placed_at < key.cutoff),
        key=lambda order: (order.placed_at, order.order_id),
    )
    if not bought:
        return "prospect"
    recent = [order for order in bought if order.placed_at >= key.since]
    if not recent:
        return "outside_window"
    if any(order.value_minor is None for order in recent):
        return "no_value"
    if any(order.currency not in rates.known for order in recent):
        return "no_rate"
    known_late = [order.late_days for order in recent if order.late_days is not None]
    return Activity(
        first_at=bought[0].placed_at,
        bought_at=tuple(order.placed_at for order in recent),
        values=tuple(rates.base(order.value_minor or 0, order.currency) for order in recent),
        refunded=sum(rates.base(order.refunded_minor, order.currency) for order in recent),
        line_counts=tuple(len(order.lines) for order in recent),
        returned_lines=sum(order.returned_lines for order in recent),
        abroad=tuple(order.destination not in key.home for order in recent),
        destinations=len({order.destination for order in recent}),
        by_chapter=_by_chapter(recent, rates),
        with_offer=sum(_with_offer(order, rates) for order in recent),
        delivered=len(known_late),
        late=sum(days > 0 for days in known_late),
    )


def _by_chapter(orders: Iterable[Order], rates: Rates) -> dict[str, int]:
    """A line whose chapter nobody has said stands with the others of its kind."""
    found: Counter[str] = Counter()
    for order in orders:
        for line in order.lines:
            found[line.chapter or "unknown"] += rates.base(line.value_minor or 0, line.currency)
    return dict(found)


def _with_offer(order: Order, rates: Rates) -> int:
    offered = sum(line.value_minor or 0 for line in order.lines if line.has_offer)
    return rates.base(offered, order.currency)


def priors_of(activities: Iterable[Activity]) -> dict[str, float]:
    """The merchant's share of returned lines and of late deliveries; 0 where there was none."""
    lines = returned = delivered = late = 0
    for each in activities:
        lines += sum(each.line_counts)
        returned += each.returned_lines
        delivered += each.delivered
        late += each.late
    return {
        "return_rate": returned / lines if lines else 0.0,
        "late_share": late / delivered if delivered else 0.0,
    }


def row_of(each: Activity, key: SnapshotKey, priors: Mapping[str, float]) -> tuple[float, ...]:
    """In the order of NAMES. Days, counts, base minor units, shares; total and finite."""
    tenure = _days(key.cutoff - each.first_at)
    gaps = [_days(later - earlier) for earlier, later in pairwise(each.bought_at)]
    value = sum(each.values)
    weights = each.values if value > 0 else (1,) * len(each.values)
    abroad = sum(w for w, is_abroad in zip(weights, each.abroad, strict=True) if is_abroad)
    return (
        _days(key.cutoff - each.bought_at[-1]),
        float(len(each.bought_at)),
        float(max(0, value - each.refunded)),
        tenure,
        float(median(gaps)) if gaps else tenure,
        float(median(each.values)),
        float(median(each.line_counts)),
        _shrunk(each.returned_lines, sum(each.line_counts), priors["return_rate"]),
        abroad / sum(weights),
        float(each.destinations),
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
