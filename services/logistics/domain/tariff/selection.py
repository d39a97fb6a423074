"""Which measures can apply to a line: by code, origin, place of consignment, company code.

What depends on amounts, claims or documents is decided later. A plan is kept with the rules.
"""

from collections import Counter
from dataclasses import dataclass, replace

from services.logistics.domain.tariff.law import (
    ADDED_KINDS,
    CHARGED,
    COLUMNS,
    CONTROLS,
    EVERYONE,
    OPTION_KINDS,
    PREFERENCES,
    STANDARD_KINDS,
    Measure,
    Rules,
)
from services.logistics.domain.tariff.request import Line

KEPT_PLANS = 20_000
POSSIBLE = frozenset({"trade_remedy_possible", "suspension_possible", "quota_possible"})
OTHER_SCHEDULE = "GB"  # the programme of a British rate among those of Northern Ireland
SHOWN = 20  # codes in a message
COMPARED = 200  # codes below one that is too short


@dataclass(frozen=True, slots=True)
class Lack:
    """A gap of a line, before it has a place in the request."""

    field: str
    code: str
    message: str
    measure_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`standard` is the rate that needs no claim; None where it is unknown, and then why."""

    standard: Measure | None = None
    other_schedule: Measure | None = None  # Northern Ireland: the British rate beside the Union's
    options: tuple[Measure, ...] = ()
    added: tuple[Measure, ...] = ()
    excises: tuple[Measure, ...] = ()
    controls: tuple[Measure, ...] = ()
    lacks: tuple[Lack, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def charges(self) -> tuple[object, ...]:
        """What two codes must share to be charged alike, whatever the measures are called."""
        every = [self.standard, self.other_schedule, *self.options, *self.added, *self.excises]
        return tuple(
            (m.kind, m.native_type, m.mode, m.rate, m.programme, m.conditions)
            for m in every
            if m is not None
        )


def plan_for(line: Line, ship_from: str, rules: Rules) -> Plan:
    """A code is digits only: never padded, cut or replaced."""
    key = (
        line.hs_code, line.origin, line.preferential_origin, ship_from, line.additional_code
    )  # fmt: skip
    found: Plan | None = rules.plans.get(key)
    if found is None:
        found = _planned(line, ship_from, rules)
        if len(rules.plans) >= KEPT_PLANS:
            rules.plans.clear()
        rules.plans[key] = found
    return found


def _planned(line: Line, ship_from: str, rules: Rules) -> Plan:
    code = line.hs_code
    if code is None:
        return _without(Lack("hs_code", "hs_code_missing", "give an HS code"))
    if rules.commodities.get(code):
        return _of_code(code, line, ship_from, rules)
    below = sorted(
        each for each, leaf in rules.commodities.items() if leaf and each.startswith(code)
    )
    if not below:
        message = f"{code} is not among the commodities loaded for {rules.jurisdiction}"
        return _without(Lack("hs_code", "commodity_not_loaded", message))
    plans = [_of_code(each, line, ship_from, rules) for each in below[:COMPARED]]
    alike = {each.charges for each in plans}
    if len(alike) == 1 and len(below) <= COMPARED and not plans[0].lacks:
        return replace(plans[0], warnings=(*plans[0].warnings, "code_incomplete"))
    message = f"{code} is not declarable in {rules.jurisdiction}; choose among {below[:SHOWN]}"
    return _without(Lack("hs_code", "hs_code_not_declarable", message))


def _without(lack: Lack) -> Plan:
    return Plan(lacks=(lack,))


def _of_code(code: str, line: Line, ship_from: str, rules: Rules) -> Plan:
    charged = [
        (measure, length)
        for measure, length in rules.matches(code)
        if measure.legal_status in CHARGED
        and (not measure.ship_from_area or rules.holds(measure.ship_from_area, ship_from))
    ]
    matched = _longest(charged)
    if line.origin is None and any(_depends_on_origin(measure) for measure in matched):
        message = "give the country of origin of the goods"
        return _without(Lack("origin", "origin_missing", message))
    reaching = [measure for measure in matched if _reaches(measure, line, rules)]
    chosen, lacks, warnings = _by_company(reaching, line.additional_code)
    chosen = _registered(chosen)
    warnings += sorted({tag for each in chosen for tag in each.tags if tag in POSSIBLE})
    lacks += _overlaps(chosen)
    standard = _first([each for each in chosen if not each.programme], STANDARD_KINDS)
    other = _first([each for each in chosen if each.programme == OTHER_SCHEDULE], STANDARD_KINDS)
    if standard is None:
        message = f"no base duty of {code} from {line.origin} is loaded"
        lacks.insert(0, Lack("hs_code", "commodity_not_loaded", message))
    return Plan(
        standard=None if lacks else standard,
        other_schedule=other,
        options=tuple(
            sorted(
                (each for each in chosen if each.kind in OPTION_KINDS),
                key=lambda each: OPTION_KINDS.index(each.kind),
            )
        ),
        added=tuple(each for each in chosen if each.kind in ADDED_KINDS),
        excises=tuple(each for each in chosen if each.kind == "excise"),
        controls=tuple(each for each in chosen if each.kind in CONTROLS),
        lacks=tuple(lacks),
        warnings=tuple(warnings),
    )


def _longest(matched: list[tuple[Measure, int]]) -> list[Measure]:
    """In one family of lists, and among the columns of the US tariff, only the longest prefix."""
    longest: dict[str, int] = {}
    for measure, length in matched:
        name = _contest(measure)
        longest[name] = max(length, longest.get(name, 0))
    return [
        measure
        for measure, length in matched
        if not _contest(measure) or length == longest[_contest(measure)]
    ]


def _contest(measure: Measure) -> str:
    return "columns" if measure.native_type in COLUMNS else measure.family


def _reaches(measure: Measure, line: Line, rules: Rules) -> bool:
    is_preference = measure.kind in PREFERENCES
    origin = (line.preferential_origin if is_preference else None) or line.origin
    if origin is None:
        return measure.origin_area == EVERYONE and not is_preference
    if not rules.holds(measure.origin_area, origin):
        return False
    return not any(rules.holds(area, origin) for area in measure.origin_exclusions)


def _depends_on_origin(measure: Measure) -> bool:
    """A reduction that is not given for want of an origin leaves the higher figure."""
    if measure.kind in OPTION_KINDS:
        return False
    return measure.origin_area != EVERYONE or bool(measure.origin_exclusions)


def _first(measures: list[Measure], kinds: tuple[str, ...]) -> Measure | None:
    ordered = sorted(
        (each for each in measures if each.kind in kinds), key=lambda each: kinds.index(each.kind)
    )
    return next(iter(ordered), None)


def _by_company(measures: list[Measure], code: str) -> tuple[list[Measure], list[Lack], list[str]]:
    """Of measures that differ by company: the given one's, else that of all others, told so."""
    kept: list[Measure] = []
    groups: dict[tuple[str, str], list[Measure]] = {}
    for measure in measures:
        if measure.additional_code:
            groups.setdefault((measure.kind, measure.native_type), []).append(measure)
        else:
            kept.append(measure)
    lacks: list[Lack] = []
    warnings: list[str] = []
    for (_, native), each in groups.items():
        own = [one for one in each if one.additional_code == code]
        others = [one for one in each if "residual" in one.tags]
        kept += own or others
        if not own and others:
            warnings.append("additional_code_defaulted")
        if not own and not others:
            message = f"{native} differs by company: give the additional code of the producer"
            keys = tuple(one.measure_key for one in each)
            lacks.append(Lack("additional_code", "additional_code_missing", message, keys))
    return kept, lacks, warnings


def _registered(measures: list[Measure]) -> list[Measure]:
    """A rate out of a comparing table gives way to the register's own of the same kind."""
    own = {(each.kind, each.programme) for each in measures if "table" not in each.tags}
    return [
        each
        for each in measures
        if "table" not in each.tags or (each.kind, each.programme) not in own
    ]


def _overlaps(measures: list[Measure]) -> list[Lack]:
    """Two of one kind at once say nothing."""
    seen = Counter(_identity(each) for each in measures if each.kind not in CONTROLS)
    lacks = []
    for identity, count in seen.items():
        if count > 1:
            keys = tuple(each.measure_key for each in measures if _identity(each) == identity)
            message = f"{' and '.join(keys)} overlap"
            lacks.append(Lack("hs_code", "overlapping_measures", message, keys))
    return lacks


def _identity(measure: Measure) -> tuple[str, ...]:
    return (
        measure.kind,
        measure.native_type,
        measure.origin_area,
        measure.programme,
        measure.additional_code,
        measure.order_number,
    )
