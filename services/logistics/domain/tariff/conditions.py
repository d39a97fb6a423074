"""What a measure asks for: documents, quantities, values. What is not declared is not satisfied."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from services.logistics.domain.tariff.expression import Expression
from services.logistics.domain.tariff.law import Condition, Measure

_COMPARED: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=<": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=>": operator.ge,
    "=": operator.eq,
}
OPERATORS = frozenset(_COMPARED)
_FORBIDDING = ("refuse", "correct_declaration")


@dataclass(frozen=True, slots=True)
class Stated:
    """What the line declares. `quantity` is by unit and qualifier, `part` a value by name."""

    documents: frozenset[str]
    claims: frozenset[str]
    end_uses: frozenset[str]
    buyer: str
    mode: str
    value: Decimal
    quantity: Callable[[str, str], Decimal | None]
    part: Callable[[str], Decimal | None]
    convert: Callable[[Decimal, str], Decimal | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`needs`: per group that stands in the way, what any one of would satisfy it."""

    action: str  # apply, not_apply, refuse, correct_declaration
    expression: Expression | None = None
    needs: tuple[tuple[str, ...], ...] = ()
    held: tuple[str, ...] = ()  # documents that satisfied a group


ALLOWED = Verdict("apply")


def judge(measure: Measure, stated: Stated) -> Verdict:
    """Every group must allow; a universal waiver makes a refusing one informative."""
    if not measure.conditions:
        return ALLOWED
    action, expression = "apply", None
    needs: list[tuple[str, ...]] = []
    held: list[str] = []
    for _, rows in groupby(measure.conditions, key=lambda each: each.group):
        group = list(rows)
        row = _satisfied(group, stated)
        verdict = "not_apply" if row is None else row.action
        if verdict in _FORBIDDING and "universal_waiver" in measure.tags:
            verdict = "allow"
        if verdict not in ("apply", "apply_expression", "allow"):
            needs.append(tuple(each.requires for each in group if each.requires))
            action = _stricter(action, verdict)
        elif row is not None:
            expression = row.expression or expression
            held += [row.requires] if row.requires else []
    return Verdict(action, expression, tuple(needs), tuple(held))


def _satisfied(group: list[Condition], stated: Stated) -> Condition | None:
    """The first that holds; else the row that requires nothing."""
    asking = (row for row in group if row.requires)
    found = next((row for row in asking if _holds(row, stated)), None)
    return found or next((row for row in group if not row.requires), None)


def _stricter(one: str, other: str) -> str:
    order = ("apply", "not_apply", "correct_declaration", "refuse")
    return max(one, other, key=order.index)


def _holds(row: Condition, stated: Stated) -> bool:
    kind, _, subject = row.requires.partition(":")
    if kind in ("quantity", "value", "unit_price", "content_pct"):
        return _is_within(row, _measured(kind, subject, row, stated), stated)
    declared = {
        "document": stated.documents,
        "claim": stated.claims,
        "end_use": stated.end_uses,
        "buyer": {stated.buyer},
        "mode": {stated.mode},
    }
    return subject in declared.get(kind, ())


def _measured(kind: str, subject: str, row: Condition, stated: Stated) -> Decimal | None:
    if kind == "value":
        return stated.value
    if kind == "content_pct":
        part = stated.part(f"content:{subject}")
        return None if part is None or not stated.value else part * 100 / stated.value
    quantity = stated.quantity(row.unit, "")
    if kind == "quantity" or not quantity:
        return quantity
    return stated.value / quantity


def _is_within(row: Condition, measured: Decimal | None, stated: Stated) -> bool:
    limit = row.amount
    if limit is not None and row.currency:
        limit = stated.convert(limit, row.currency)
    if measured is None or limit is None or row.operator not in _COMPARED:
        return False
    return _COMPARED[row.operator](measured, limit)
