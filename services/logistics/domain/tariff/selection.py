"""Which measures apply to a line: by code, origin, status; the base duty, then what is added."""

from dataclasses import dataclass

from services.logistics.domain.tariff.ledger import Gap
from services.logistics.domain.tariff.request import Line
from services.logistics.domain.tariff.rules import (
    ADDED_KINDS,
    BASE_KINDS,
    CHARGED,
    Measure,
    Rules,
)


@dataclass(frozen=True)
class Selected:
    """`displaced` names, per added measure, the one that took its place."""

    base: Measure | None
    added: tuple[Measure, ...]
    displaced: dict[str, str]
    gaps: tuple[Gap, ...]


def select(line: Line, rules: Rules, pointer: str) -> Selected:
    """A code is digits only: never padded, cut or replaced."""
    if line.hs_code is None:
        return _nothing(Gap(f"{pointer}/hs_code", "hs_code_missing", "blocks", "give an HS code"))
    if line.origin is None:
        message = "give the country of origin of the goods"
        return _nothing(Gap(f"{pointer}/origin", "origin_missing", "blocks", message))
    if gap := _undeclarable(line.hs_code, rules, pointer):
        return _nothing(gap)
    applying = [
        measure
        for measure in rules.measures_for(line.hs_code)
        if measure.legal_status in CHARGED and _reaches(measure, line.origin, rules)
    ]
    base = next((each for each in applying if each.kind in BASE_KINDS), None)
    if base is None:
        message = f"no base duty of {line.hs_code} from {line.origin} is loaded"
        return _nothing(Gap(f"{pointer}/hs_code", "commodity_not_loaded", "blocks", message))
    added = tuple(each for each in applying if each.kind in ADDED_KINDS)
    return Selected(base, added, _displaced(added, rules), ())


def _reaches(measure: Measure, origin: str, rules: Rules) -> bool:
    excluded = any(rules.holds(area, origin) for area in measure.origin_exclusions)
    return rules.holds(measure.origin_area, origin) and not excluded


def _displaced(added: tuple[Measure, ...], rules: Rules) -> dict[str, str]:
    found: dict[str, str] = {}
    for subject, objects in rules.displaces:
        strong = next((each for each in added if subject in each.tags), None)
        if strong is not None:
            weak = [each for each in added if objects in each.tags and each is not strong]
            found |= {each.measure_key: strong.measure_key for each in weak}
    return found


def _undeclarable(code: str, rules: Rules, pointer: str) -> Gap | None:
    if rules.commodities.get(code):
        return None
    below = sorted(
        other for other, leaf in rules.commodities.items() if leaf and other.startswith(code)
    )
    if below:
        message = f"{code} is not declarable in {rules.jurisdiction}; choose among {below[:20]}"
        return Gap(f"{pointer}/hs_code", "hs_code_not_declarable", "blocks", message)
    message = f"{code} is not among the commodities loaded for {rules.jurisdiction}"
    return Gap(f"{pointer}/hs_code", "commodity_not_loaded", "blocks", message)


def _nothing(gap: Gap) -> Selected:
    return Selected(None, (), {}, (gap,))
