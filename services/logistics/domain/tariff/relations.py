"""How measures meet: excluded by a claim, displaced by another, or the highest of a group.

Nothing else removes a measure: a preference never lifts trade defence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.logistics.domain.tariff.law import STACKING, Measure, Relation, Rules


@dataclass(frozen=True, slots=True)
class Met:
    """`removed`: measure key -> what took its place. `parts`: key -> the part of the value it is
    charged on, where another has the rest: `content:steel`, or `-content:steel` for all but it.
    """

    removed: Mapping[str, str]
    parts: Mapping[str, str]
    is_assumed: bool = False  # two stand side by side and no relation says that they may


NOTHING = Met({}, {})


def met(
    option: Measure | None, added: Sequence[Measure], schemes: Iterable[str], rules: Rules
) -> Met:
    """Excludes, then displaces by precedence. `option` is the base duty's measure."""
    if not added:
        return NOTHING
    claimed = {*schemes} | (option.names if option is not None else set())
    removed: dict[str, str] = {}
    for relation in _of(rules, "excludes"):
        if relation.subject in claimed:
            for each in added:
                if relation.object in each.names:
                    removed[each.measure_key] = relation.subject
    parts: dict[str, str] = {}
    for relation in sorted(_of(rules, "displaces"), key=lambda each: -each.precedence):
        _displace(relation, added, removed, parts)
    left = [each for each in added if each.measure_key not in removed]
    return Met(removed, parts, _is_assumed(left, rules))


def _of(rules: Rules, name: str) -> list[Relation]:
    return [each for each in rules.relations if each.relation == name]


def _displace(
    relation: Relation, added: Sequence[Measure], removed: dict[str, str], parts: dict[str, str]
) -> None:
    standing = [each for each in added if each.measure_key not in removed]
    strong = next((each for each in standing if relation.subject in each.names), None)
    if strong is None:
        return
    for weak in standing:
        if relation.object not in weak.names or weak is strong:
            continue
        if relation.on_basis == "full":
            removed[weak.measure_key] = strong.measure_key
        else:
            parts[strong.measure_key] = relation.on_basis
            parts[weak.measure_key] = f"-{relation.on_basis}"


def _is_assumed(standing: Sequence[Measure], rules: Rules) -> bool:
    if rules.jurisdiction in STACKING:
        return False
    return any(
        not any(_joins(relation, one, other) for relation in rules.relations)
        for at, one in enumerate(standing)
        for other in standing[at + 1 :]
    )


def _joins(relation: Relation, one: Measure, other: Measure) -> bool:
    a, b = one.names, other.names
    return (relation.subject in a and relation.object in b) or (
        relation.subject in b and relation.object in a
    )


def beaten(
    amounts: Mapping[str, Decimal | None], added: Sequence[Measure], rules: Rules
) -> dict[str, str]:
    """Of a `max_of` group the highest amount stays; equals: the first by key. An unknown amount
    may be the highest: then nothing is known of the group, and the unknown stays.
    """
    lost: dict[str, str] = {}
    for relation in _of(rules, "max_of"):
        group = [
            each
            for each in added
            if each.measure_key in amounts and {relation.subject, relation.object} & each.names
        ]
        if len(group) < 2:
            continue
        ordered = sorted(group, key=lambda each: each.measure_key)
        highest = max(ordered, key=lambda each: _rank(amounts[each.measure_key]))
        lost |= {each.measure_key: highest.measure_key for each in group if each is not highest}
    return lost


def _rank(amount: Decimal | None) -> tuple[bool, Decimal]:
    return amount is None, amount or Decimal(0)
