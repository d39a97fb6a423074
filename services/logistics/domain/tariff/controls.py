"""What may not be sent, or only with papers: told beside the charges, never among them."""

from services.logistics.domain.tariff.conditions import Stated, judge
from services.logistics.domain.tariff.law import Measure
from services.logistics.domain.tariff.lines import Compliance


def compliance_of(measure: Measure, line_id: str, stated: Stated) -> Compliance:
    verdict = judge(measure, stated)
    forbids = verdict.action in ("refuse", "correct_declaration")
    if measure.kind == "prohibition":
        forbids = forbids or (verdict.action == "apply" and not verdict.held)
    if forbids:
        status = "blocked"
    elif verdict.needs:
        status = "document_required"
    else:
        status = "satisfied" if verdict.held else "information"
    legal_ref = measure.cited.legal_ref
    return Compliance(
        line_id, status, measure.measure_key, measure.native_type, verdict.needs, legal_ref
    )
