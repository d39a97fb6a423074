"""A merchant's last year, invented: 300 buyers of five habits, their orders, who carried them.

Deterministic: the same day and seed give the same files. They are imported as any merchant would
import a past (`hansa import orders FILE`, `hansa import shipments FILE`), so that segments, ratings
and dashboards show something on the first day. The habits are what segmentation should find again;
each provider's punctuality is what its rating should find again.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import services.catalog

SEED = 20261126
BUYERS = 300
DAYS = 365
_SAMPLE = Path(str(services.catalog.__file__)).parent / "sample"


@dataclass(frozen=True)
class Habit:
    """How one kind of buyer buys. `gap` are days between orders; `until` the share of the year."""

    name: str
    share: float
    gap: tuple[int, int]
    until: float
    lines: tuple[int, int]
    quantity: tuple[int, int]
    prefixes: tuple[str, ...]
    markets: tuple[str, ...]


HABITS = (
    Habit("tea regular", 0.28, (22, 38), 1.0, (1, 2), (1, 3), ("TEA", "HON", "JAM"), ("DE", "FR")),
    Habit("gift giver", 0.22, (60, 120), 1.0, (2, 4), (1, 1), ("CER", "TEX", "CND", "GAM"),
          ("US", "GB", "DE")),
    Habit("reseller", 0.10, (40, 70), 1.0, (2, 4), (8, 25), ("TEA", "CER", "KNF"), ("FR", "GB")),
    Habit("one time", 0.26, (400, 800), 1.0, (1, 2), (1, 1), ("TOY", "COS", "TEX", "BOK"),
          ("US", "CA", "AU", "DE")),
    Habit("lapsed", 0.14, (18, 30), 0.45, (1, 3), (1, 2), ("TEA", "CHO", "COS"), ("DE", "GB")),
)  # fmt: skip


@dataclass(frozen=True)
class Carrier:
    """`punctual`: share on time; of the late ones the delay in days; lost and damaged: shares."""

    provider: str
    service: str
    markets: tuple[str, ...]
    transit: int
    punctual: float
    delay: tuple[int, int]
    lost: float
    damaged: float


CARRIERS = (
    Carrier("prv_6a1f0c52d94b4e7e8b3a5c7d9e1f2031", "express", ("DE", "FR", "GB", "US", "CA", "AU"),
            3, 0.97, (1, 2), 0.001, 0.004),
    Carrier("prv_0b7de4a18c2f4d6f9a41c3e5b7092846", "postal", ("DE", "FR", "GB", "US", "CA", "AU"),
            7, 0.80, (1, 9), 0.012, 0.010),
    Carrier("prv_c48e19b7035d4a62b1f6d80e2a7c9354", "europe", ("DE", "FR"), 2, 0.94, (1, 3), 0.002,
            0.006),
    Carrier("prv_91d3f6ae57c84b0d86e2047fb9a1c65d", "world", ("FR", "GB", "US", "CA", "AU"),
            6, 0.88, (1, 5), 0.004, 0.012),
    Carrier("prv_2e85b7c06fd14938a7d05be3c1f48a69", "consolidated", ("GB", "US", "CA", "AU"),
            14, 0.71, (2, 14), 0.015, 0.020),
)  # fmt: skip
_ZONES = {
    "DE": "Europe/Berlin", "FR": "Europe/Paris", "GB": "Europe/London", "US": "America/New_York",
    "CA": "America/Toronto", "AU": "Australia/Sydney",
}  # fmt: skip
ORDERS = (
    "order", "placed_at", "buyer_id", "market", "destination", "sku", "quantity", "value",
    "currency", "status", "ended_at",
)  # fmt: skip
SHIPMENTS = (
    "shipment", "order", "provider", "service", "origin", "destination", "promised_on", "status",
    "ended_at", "attempts", "damaged", "complete", "customs_days",
)  # fmt: skip
_Price = tuple[Decimal, str]


def write(folder: Path, today: date, seed: int = SEED) -> tuple[Path, Path]:
    """`orders.csv` and `shipments.csv` of the year before `today`."""
    chance = Random(seed)  # noqa: S311 - a sample, not a secret
    folder.mkdir(parents=True, exist_ok=True)
    orders, shipments = folder / "orders.csv", folder / "shipments.csv"
    lines: list[dict[str, object]] = []
    carried: list[dict[str, object]] = []
    for placed in _history(chance, today):
        lines += placed.rows(chance)
        carried += placed.shipment(chance, today)
    _write(orders, ORDERS, lines)
    _write(shipments, SHIPMENTS, carried)
    return orders, shipments


@dataclass(frozen=True)
class _Placed:
    order: str
    buyer: str
    habit: Habit
    market: str
    at: datetime
    goods: dict[str, _Price]
    is_cancelled: bool

    def rows(self, chance: Random) -> list[dict[str, object]]:
        fitting = [sku for sku in self.goods if sku.startswith(self.habit.prefixes)]
        skus = chance.sample(fitting, min(len(fitting), chance.randint(*self.habit.lines)))
        after = timedelta(hours=5) if self.is_cancelled else timedelta(days=30)
        return [
            {
                "order": self.order,
                "placed_at": self.at.isoformat(),
                "buyer_id": self.buyer,
                "market": self.market,
                "destination": self.market,
                "sku": sku,
                "quantity": (quantity := chance.randint(*self.habit.quantity)),
                "value": self.goods[sku][0] * quantity,
                "currency": self.goods[sku][1],
                "status": "cancelled" if self.is_cancelled else "completed",
                "ended_at": (self.at + after).isoformat(),
            }
            for sku in skus
        ]

    def shipment(self, chance: Random, today: date) -> list[dict[str, object]]:
        """None of a cancelled order; what would end only after today is left out."""
        carrier = chance.choice([each for each in CARRIERS if self.market in each.markets])
        promised = self.at.date() + timedelta(days=carrier.transit)
        is_late, is_lost = chance.random() > carrier.punctual, chance.random() < carrier.lost
        late = chance.randint(*carrier.delay) if is_late else -chance.randint(0, 1)
        ended_on = promised + timedelta(days=30 if is_lost else late)
        if self.is_cancelled or ended_on >= today:
            return []
        zone = ZoneInfo(_ZONES[self.market])
        return [
            {
                "shipment": f"S-{self.order}",
                "order": self.order,
                "provider": carrier.provider,
                "service": carrier.service,
                "origin": "DE",
                "destination": self.market,
                "promised_on": promised,
                "status": "lost" if is_lost else "delivered",
                "ended_at": datetime.combine(ended_on, time(15, 20), zone).isoformat(),
                "attempts": 1 if chance.random() < 0.93 else 2,
                "damaged": str(chance.random() < carrier.damaged).lower(),
                "complete": "false" if is_lost else "true",
                "customs_days": 0 if self.market in ("DE", "FR") else chance.choice((0, 0, 1, 2)),
            }
        ]


def _history(chance: Random, today: date) -> Iterator[_Placed]:
    """In the order of buyers; each order has ended by today."""
    prices, number = _prices(), 0
    shares = [habit.share for habit in HABITS]
    for buyer in range(BUYERS):
        (habit,) = chance.choices(HABITS, shares)
        market = chance.choice(habit.markets)
        for day in _days(chance, habit):
            number += 1
            placed_on = today - timedelta(days=DAYS + 31 - day)
            at = datetime.combine(placed_on, time(chance.randint(7, 21), 15), UTC)
            yield _Placed(
                f"P-{number:05}", f"sample-{buyer:03}", habit, market, at, prices[market],
                is_cancelled=chance.random() < 0.04,
            )  # fmt: skip


def _days(chance: Random, habit: Habit) -> Iterator[int]:
    day = chance.randint(0, min(DAYS, habit.gap[0] * 2) - 1)
    while day < DAYS * habit.until:
        yield day
        day += chance.randint(*habit.gap)


def _prices() -> dict[str, dict[str, _Price]]:
    """Market -> SKU -> price, of goods as the sample catalogue lists them."""
    found: dict[str, dict[str, _Price]] = {}
    with (_SAMPLE / "listings.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            price = (Decimal(row["price"]), row["currency"])
            found.setdefault(row["market"], {})[row["sku"]] = price
    return found


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
