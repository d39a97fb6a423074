"""Pure CPU of a landed-cost quote of twenty lines, plans kept: no database, no HTTP, no JSON.

The Union: three shapes of rate, one tax. The United States: three duties a line, two fees.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from benchmarks.measure import in_turn, tell
from contracts.values import Incoterm
from services.logistics.domain.tariff import Line, Request, Rules, calculate
from tests.logistics.tariff_law import added, codes, law, mfn

LINES, ROUNDS, QUOTES = 20, 5, 300
AT = datetime(2026, 10, 20, 16, tzinfo=UTC)


def europe() -> Rules:
    """Ad valorem, compound and limited rates; one tax."""
    rates = ["12.0%", "9.00% + 53.70 EUR / 100 kg", "4.50% MIN 0.30 EUR / item MAX 0.80 EUR / item"]
    goods = [f"61{number:02}1000" for number in range(LINES)]
    return law(
        "EU",
        AT,
        commodities=codes(*goods),
        measures=[mfn(code, rates[at % 3]) for at, code in enumerate(goods)],
        valuation=[{"basis": "CIF"}],
        taxes=[{"tax": "VAT", "base": "customs_value;duty;excise;first_destination_cost"}],
        tax_rates=[{"tax": "VAT", "tax_area": "EU", "class": "standard", "rate": "20%"}],
    )


def america() -> Rules:
    """A base duty and two added ones on every line, related; two fees on the entry."""
    goods = [f"61{number:02}100012" for number in range(LINES)]
    return law(
        "US",
        AT,
        commodities=codes(*goods),
        measures=[
            *(mfn(code[:8], "16.5%", native_type="general") for code in goods),
            added("9903.88.15", "61", "7.5%", origin_area="CN", tags="us:s301"),
            added("9903.05.31", "61", "12.5%", origin_area="CN", tags="us:note52"),
        ],
        relations=[
            {"subject": "us:s232", "relation": "displaces", "object": "us:note52"},
            {"subject": "us:s301", "relation": "max_of", "object": "us:s301"},
            {"subject": "us:s301", "relation": "stacks", "object": "us:note52"},
        ],
        valuation=[{"basis": "FOB"}],
        fees=[
            {"fee": "MPF", "base": "customs_value", "pct": "0.3464", "min": "34.58",
             "max": "670.86", "currency": "USD", "payee": "CBP"},
            {"fee": "HMF", "base": "customs_value", "pct": "0.125", "currency": "USD"},
        ],
    )  # fmt: skip


def asked(rules: Rules) -> Request:
    lines = [
        Line(f"L{at}", Decimal("123.45") + at, 3, code, "CN", 1500 + at, 1200 + at,
             tax_class="standard")
        for at, code in enumerate(sorted(rules.commodities))
    ]  # fmt: skip
    terms: dict[str, Any] = {"freight": Decimal("87.30"), "insurance": Decimal(5)}
    return Request(
        jurisdiction=rules.jurisdiction,
        tax_area=rules.jurisdiction,
        destination=rules.jurisdiction,
        ship_from="CN",
        from_jurisdiction=None,
        currency=rules.currency,
        lines=tuple(lines),
        incoterm=Incoterm.DDP,
        rate_date=AT,
        **terms,
    )


def quoting(rules: Rules) -> Callable[[], float]:
    """Milliseconds of CPU per quote."""
    request = asked(rules)
    first = calculate(request, rules)
    assert first.status == "complete"
    assert len(first.lines) >= 2 * LINES

    def run() -> float:
        begun = time.process_time()
        for _ in range(QUOTES):
            calculate(request, rules)
        return (time.process_time() - begun) * 1000 / QUOTES

    return run


def main() -> None:
    found = in_turn({"EU": quoting(europe()), "US": quoting(america())}, ROUNDS)
    figures = {f"{name} quote of {LINES} lines, ms CPU (goal 1)": ms for name, ms in found.items()}
    tell("landed_cost", figures)


if __name__ == "__main__":
    main()
