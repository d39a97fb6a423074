"""What is loaded, and what is in force for one code: for people who only want to look."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import not_found
from services.logistics.domain.tariff.rules import CURRENCIES, Measure, Rules
from services.logistics.models.tariff import TariffRule
from services.logistics.queries.tariff import known_at, rules_at
from services.logistics.schemas.tariff import (
    CommodityOut,
    CoverageList,
    CoverageOut,
    MeasureOut,
)


def loaded(session: Session) -> CoverageList:
    known = known_at(session)
    if known is None:
        return CoverageList(data=[])
    found = session.scalars(
        select(TariffRule.jurisdiction)
        .where(TariffRule.jurisdiction != "", TariffRule.known_to.is_(None))
        .distinct()
        .order_by(TariffRule.jurisdiction)
    )
    each = [rules_at(session, jurisdiction, now(), known) for jurisdiction in found]
    return CoverageList(data=[_coverage(rules) for rules in each])


def commodity(session: Session, jurisdiction: str, code: str) -> CommodityOut:
    known = known_at(session)
    if known is None or jurisdiction not in CURRENCIES:
        raise not_found("jurisdiction")
    rules = rules_at(session, jurisdiction, now(), known)
    if code not in rules.commodities:
        raise not_found("commodity among those loaded")
    return CommodityOut(
        jurisdiction=jurisdiction,
        code=code,
        declarable=rules.commodities[code],
        measures=[_measure(measure) for measure in rules.measures_for(code)],
    )


def _coverage(rules: Rules) -> CoverageOut:
    return CoverageOut(
        jurisdiction=rules.jurisdiction,
        layers={layer: state for layer, (state, _) in sorted(rules.coverage.items())},
        commodities=len(rules.commodities),
        known_at=rules.known_at,
    )


def _measure(measure: Measure) -> MeasureOut:
    return MeasureOut(
        measure_key=measure.measure_key,
        kind=measure.kind,
        native_type=measure.native_type,
        expression_text=measure.expression_text,
        understood=measure.expression is not None,
        origin_area=measure.origin_area,
        legal_status=measure.legal_status,
        source=measure.cited.source,
        legal_ref=measure.cited.legal_ref,
        confidence=measure.cited.confidence,
        valid_from=measure.cited.valid_from,
        valid_to=measure.cited.valid_to,
    )
