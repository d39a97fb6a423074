"""Once every charge is known: scales, the waiver of small sums, and the order of the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from services.logistics.domain.tariff.duties import Charged
from services.logistics.domain.tariff.law import Relief, Rules
from services.logistics.domain.tariff.lines import LedgerLine, sum_of
from services.logistics.domain.tariff.relief import Reliefs, within

ZERO = Decimal(0)
_SCALE = frozenset({"scale"})
_WAIVER = frozenset({"waive_charges"})


def settled(charged: Sequence[Charged], reliefs: Reliefs, rules: Rules) -> list[LedgerLine]:
    """Duties, excises, taxes. Bases were worked out before any scale."""
    taxes = [line for each in charged for line in each.taxes]
    names = list(dict.fromkeys(line.native_type for line in taxes))
    lines = [
        *(line for each in charged for line in each.lines),
        *(line for each in charged for line in each.excises),
        *(line for name in names for line in taxes if line.native_type == name),
    ]
    if not any(each.kind in _SCALE | _WAIVER for each in rules.reliefs):
        return lines
    scaled = [_scaled(line, reliefs.of(_charge(line), _SCALE), rules) for line in lines]
    return _waived(scaled, reliefs, rules)


def _charge(line: LedgerLine) -> str:
    """What a relief calls it: duty, excise, or the tax by its name."""
    return "duty" if line.kind == "duty" else line.measure_kind


def _scaled(line: LedgerLine, relief: Relief | None, rules: Rules) -> LedgerLine:
    if relief is None or line.unrounded is None:
        return line
    factor = Decimal(relief.effect.removeprefix("x "))
    exact = line.unrounded * factor
    return _changed(line, exact, f"{relief.effect} ({relief.rule_key})", rules)


def _waived(lines: list[LedgerLine], reliefs: Reliefs, rules: Rules) -> list[LedgerLine]:
    """Tested on the unrounded sum of what it would waive."""
    waivers = [reliefs.of(_charge(line), _WAIVER) for line in lines]
    settled_lines = list(lines)
    for relief in {each.rule_key: each for each in waivers if each is not None}.values():
        at = [number for number, each in enumerate(waivers) if each is relief]
        due = sum_of([lines[number].unrounded for number in at])
        limit = rules.convert(relief.threshold, relief.currency)
        if due is None or limit is None or not within(relief, due, limit):
            continue
        because = f"charges {relief.comparator} {relief.threshold} {relief.currency}"
        for number in at:
            waived = _changed(lines[number], ZERO, because, rules)
            settled_lines[number] = replace(waived, status="relieved")
    return settled_lines


def _changed(line: LedgerLine, exact: Decimal, because: str, rules: Rules) -> LedgerLine:
    return replace(line, unrounded=exact, amount=rules.round(line.kind, exact), because=because)
