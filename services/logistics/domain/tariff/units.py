"""Units of quantity: exact conversions only; never kilograms to litres or gross to net."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Unit:
    """`code` is what is measured (UN/ECE), `times` how many of it one of this unit is."""

    code: str
    times: Decimal = Decimal(1)

    @property
    def gap(self) -> str:
        return "net_weight_missing" if self.code == "KGM" else "quantity_missing"


_UNITS = {
    "kg": Unit("KGM"),
    "g": Unit("KGM", Decimal("0.001")),
    "t": Unit("KGM", Decimal(1000)),
    "tonne": Unit("KGM", Decimal(1000)),
    "liter": Unit("LTR"),
    "liters": Unit("LTR"),
    "l": Unit("LTR"),
    "hl": Unit("LTR", Decimal(100)),
    "item": Unit("NAR"),
    "no": Unit("NAR"),
    "p/st": Unit("NAR"),
    "doz": Unit("NAR", Decimal(12)),
    "gross": Unit("NAR", Decimal(144)),
    "pr": Unit("NPR"),
    "pair": Unit("NPR"),
    "pairs": Unit("NPR"),
    "m2": Unit("MTK"),
    "m3": Unit("MTQ"),
    "m": Unit("MTR"),
}


def unit_of(text: str) -> Unit | None:
    """None for a unit or qualifier not known here: its rate stays unknown."""
    return _UNITS.get(text.strip().lower().removesuffix("."))


def measure(
    unit: Unit, quantity: int, net_weight_g: int | None, given: Mapping[str, Decimal]
) -> Decimal | None:
    """How many of `unit` a line holds; None where that was not given.

    `kg` alone means net weight. Items are the line's quantity.
    """
    count = given.get(unit.code)
    if count is None and unit.code == "KGM" and net_weight_g is not None:
        count = Decimal(net_weight_g) / 1000
    if count is None and unit.code == "NAR":
        count = Decimal(quantity)
    return None if count is None else count / unit.times
