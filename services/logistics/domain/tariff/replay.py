"""A consignment calculated again: at its own times the same, at others what differs and by what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.logistics.domain.tariff.calculation import calculate
from services.logistics.domain.tariff.law import Rules
from services.logistics.domain.tariff.ledger import Ledger, as_json
from services.logistics.domain.tariff.lines import Gap
from services.logistics.domain.tariff.request import Request

REQUEST = TypeAdapter(Request)  # as JSON and back, with every digit


@dataclass(frozen=True)
class Difference:
    """One charge then and now; an amount is None where there is none, or it is unknown."""

    line_id: str | None
    kind: str
    measure_key: str
    then: str | None
    now: str | None
    now_source: str
    now_legal_ref: str


def told(request: Request, rules: Rules) -> Ledger:
    """Pointers of gaps name a line by its own number (`l3`), not by its place among the goods."""
    ledger = calculate(request, rules)
    return replace(ledger, gaps=tuple(_as_asked(request, gap) for gap in ledger.gaps))


def _as_asked(request: Request, gap: Gap) -> Gap:
    parts = gap.pointer.split("/", 3)
    if parts[1] == "lines" and len(parts) > 2:
        parts[2] = request.lines[int(parts[2])].line_id.removeprefix("l")
    return replace(gap, pointer="/".join(parts))


def again(request: Request, rules: Rules, at: datetime) -> dict[str, Any]:
    """The ledger as JSON, for the same goods sent at another moment."""
    return as_json(told(replace(request, rate_date=at), rules))


def is_same(kept: Mapping[str, Any], ledger: Mapping[str, Any]) -> bool:
    """What was kept holds the whole ledger, and more."""
    return {name: kept.get(name) for name in ledger} == ledger


def differences(kept: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[Difference]:
    """Charges that appeared, ended, or changed."""
    then, now = _charges(kept), _charges(ledger)
    found = []
    for key in dict.fromkeys([*then, *now]):
        before, after = then.get(key, {}), now.get(key, {})
        if before.get("amount") != after.get("amount") or before.keys() != after.keys():
            found.append(
                Difference(
                    *key,
                    then=before.get("amount"),
                    now=after.get("amount"),
                    now_source=after.get("source", ""),
                    now_legal_ref=after.get("legal_ref", ""),
                )
            )
    return found


def _charges(ledger: Mapping[str, Any]) -> dict[tuple[str | None, str, str], dict[str, Any]]:
    return dict(_keyed(ledger["lines"]))


def _keyed(
    lines: list[dict[str, Any]],
) -> Iterator[tuple[tuple[str | None, str, str], dict[str, Any]]]:
    for line in lines:
        yield (line["line_id"], line["kind"], line["measure_key"] or line["native_type"]), line
