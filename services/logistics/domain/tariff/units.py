"""Units of quantity: what a rate's words name, and exact conversions only.

Never kilograms to litres, pairs to items, or gross to net.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

_UNITS = {  # a rate's word -> code, how many of the code one word stands for
    "kg": ("KGM", 1),
    "g": ("GRM", 1),
    "t": ("TNE", 1),
    "tonne": ("TNE", 1),
    "carat": ("CTM", 1),
    "l": ("LTR", 1),
    "liter": ("LTR", 1),
    "litre": ("LTR", 1),
    "hl": ("HLT", 1),
    "bbl": ("BLL", 1),
    "l alc. 100%": ("LPA", 1),
    "pf. liter": ("PFL", 1),
    "pf.liter": ("PFL", 1),
    "m": ("MTR", 1),
    "lin. m": ("MTR", 1),
    "m2": ("MTK", 1),
    "m3": ("MTQ", 1),
    "item": ("NAR", 1),
    "items": ("NAR", 1),
    "article": ("NAR", 1),
    "articles": ("NAR", 1),
    "head": ("NAR", 1),
    "no": ("NAR", 1),
    "p/st": ("NAR", 1),
    "doz": ("NAR", 12),
    "dozen": ("NAR", 12),
    "gross": ("NAR", 144),
    "thousand": ("NAR", 1000),
    "pr": ("NPR", 1),
    "pair": ("NPR", 1),
    "pairs": ("NPR", 1),
    "pins": ("PIN", 1),
    "pack": ("PAC", 1),
    "line": ("LINE", 1),
    "jewel": ("JWL", 1),
    "jewel over 7": ("JWL_OVER_7", 1),
    "%vol": ("ASV", 1),
    "%sacchar": ("BRX", 1),
    "degree under 100 degrees": ("DEG_UNDER_100", 1),
}
WEIGHTS = frozenset({"KGM", "DTN", "TNE"})  # behind these, `gross` and `net` are weights
_WEIGHED = {("KGM", 100): "DTN", ("KGM", 1000): "TNE"}
_COUNTED = {("NAR", 100): "CEN", ("NAR", 1000): "MIL"}
_PRINTED = {  # code -> how a text says it, with its number where it has one
    "KGM": "kg",
    "DTN": "100 kg",
    "TNE": "1000 kg",
    "GRM": "g",
    "CTM": "carat",
    "LTR": "l",
    "HLT": "hl",
    "BLL": "bbl",
    "LPA": "l alc. 100%",
    "PFL": "pf. liter",
    "MTR": "m",
    "MTK": "m2",
    "MTQ": "m3",
    "NAR": "item",
    "CEN": "100 p/st",
    "MIL": "1000 p/st",
    "NPR": "pair",
    "PIN": "pins",
    "PAC": "pack",
    "LINE": "line",
    "JWL": "jewel",
    "JWL_OVER_7": "jewel over 7",
    "ASV": "% vol",
    "BRX": "% sacchar",
    "DEG_UNDER_100": "degree under 100 degrees",
}
_MEASURED_AS = {  # code -> the code it is counted in, and how many of that it is
    "KGM": ("KGM", Decimal(1)),
    "DTN": ("KGM", Decimal(100)),
    "TNE": ("KGM", Decimal(1000)),
    "GRM": ("KGM", Decimal("0.001")),
    "CTM": ("KGM", Decimal("0.0002")),
    "LTR": ("LTR", Decimal(1)),
    "HLT": ("LTR", Decimal(100)),
    "NAR": ("NAR", Decimal(1)),
    "CEN": ("NAR", Decimal(100)),
    "MIL": ("NAR", Decimal(1000)),
}
_FAMILY = {
    base: tuple(code for code, (of, _) in _MEASURED_AS.items() if of == base)
    for base in ("KGM", "LTR", "NAR")
}
_PER_ALCOHOL = {"LPA": Decimal(100), "PFL": Decimal(50)}  # litres x % vol, divided by
_NET = ("", "net")


def unit_of(text: str) -> tuple[str, int] | None:
    """Code and count of a word; None for a unit not known here: its rate stays unknown."""
    word = " ".join(text.lower().split()).replace("% ", "%")
    return _UNITS.get(word) or _UNITS.get(word.removesuffix("."))


def counted(code: str, number: int) -> tuple[str, int]:
    """100 kg is a unit of its own (DTN), and so are 1,000 kg and 1,000 items."""
    found = _WEIGHED.get((code, number)) or _COUNTED.get((code, number))
    return (found, 1) if found else (code, number)


def word_of(code: str) -> str | None:
    return _PRINTED.get(code)


@dataclass(frozen=True, slots=True)
class Quantities:
    """What is known of a line's amount. A qualified one is named `KGM:drained`, `TNE:biodiesel`.

    `items` counts where NAR was not given. Weights are in grams, `abv` in per cent of volume.
    """

    items: int
    given: Mapping[str, Decimal]
    net_g: int | None = None
    gross_g: int | None = None
    abv: Decimal | None = None

    def of(self, code: str, qualifier: str = "") -> Decimal | None:
        """How many units there are; None where nothing given says it exactly."""
        if qualifier not in _NET:
            return self._in_family(code, qualifier)
        if code in _PER_ALCOHOL and code not in self.given:
            litres, strength = self.of("LTR"), self.of("ASV")
            known = litres is not None and strength is not None
            return litres * strength / _PER_ALCOHOL[code] if known else None  # type: ignore[operator]
        if code == "ASV" and code not in self.given:
            return self.abv
        if code == "JWL_OVER_7" and code not in self.given:
            jewels = self.given.get("JWL")
            return None if jewels is None else max(Decimal(0), jewels - 7)
        return self._in_family(code, "")

    def _in_family(self, code: str, qualifier: str) -> Decimal | None:
        """Given as such, else converted from another unit of its family."""
        suffix = f":{qualifier}" if qualifier else ""
        exact = self.given.get(code + suffix)
        if exact is not None or code not in _MEASURED_AS:
            return exact
        base, times = _MEASURED_AS[code]
        for other in _FAMILY[base]:
            count = self.given.get(other + suffix)
            if count is not None:
                return count * _MEASURED_AS[other][1] / times
        count = self._stated(base, qualifier)
        return None if count is None else count / times

    def _stated(self, base: str, qualifier: str) -> Decimal | None:
        """From the weights and the count that every line may have."""
        if base == "NAR" and not qualifier:
            return Decimal(self.items)
        grams = {"": self.net_g, "gross": self.gross_g}.get(qualifier) if base == "KGM" else None
        return None if grams is None else Decimal(grams) / 1000
