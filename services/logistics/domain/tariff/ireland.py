"""Northern Ireland: goods not at risk take the British duty where the two differ by little."""

from dataclasses import replace
from decimal import Decimal

from services.logistics.domain.tariff.duties import Charged, LineDuties
from services.logistics.domain.tariff.law import Relief, Rules
from services.logistics.domain.tariff.lines import LedgerLine
from services.logistics.domain.tariff.relief import within
from services.logistics.domain.tariff.selection import Plan

ZERO = Decimal(0)


def of_two_schedules(
    duties: LineDuties, plan: Plan, value: Decimal, rules: Rules, *, is_at_risk: bool
) -> Charged:
    """The British duty if the difference is at most so many per cent of the value, else the
    Union's. The other stays as a line of nothing, with its amount told.
    """
    assert plan.standard is not None  # noqa: S101
    assert plan.other_schedule is not None  # noqa: S101
    union = duties.under(plan.standard, plan.added, plan.excises)
    british = duties.under(plan.other_schedule, plan.added, plan.excises)
    rule = next((each for each in rules.reliefs if each.kind == "duty_difference"), None)
    if is_at_risk or rule is None or not _is_small(rule, union, british, value):
        chosen, other = union, british
    else:
        chosen, other = british, union
    chosen.lines.append(_shown(other.lines[0], chosen.lines[0]))
    return chosen


def _is_small(rule: Relief, union: Charged, british: Charged, value: Decimal) -> bool:
    if union.base_duty is None or british.base_duty is None:
        return False
    difference = abs(union.base_duty - british.base_duty)
    return within(rule, difference, value * rule.threshold / 100)


def _shown(line: LedgerLine, instead: LedgerLine) -> LedgerLine:
    because = f"{instead.measure_key} is charged instead of {line.amount} {line.currency}"
    return replace(line, unrounded=ZERO, amount=ZERO, status="displaced", because=because)
