"""Which base rates a line may have: what each still needs, and what it would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.logistics.domain.tariff.conditions import Stated, judge
from services.logistics.domain.tariff.law import PREFERENCES, Measure, Quota, Rules
from services.logistics.domain.tariff.request import Claim, Line

_USABLE = ("open", "critical", "reopened")


@dataclass(frozen=True, slots=True)
class Option:
    """A base rate besides the standard one. Nothing in `needs`: it may be had."""

    measure: Measure
    needs: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def option_of(measure: Measure, line: Line, stated: Stated, rules: Rules, at: datetime) -> Option:
    """Claimed and satisfied, or open to all without condition."""
    claim = _claim(measure, line.claims)
    needs: list[str] = []
    if measure.programme or measure.kind in PREFERENCES:
        needs += _claim_needs(measure, claim)
    if measure.kind == "mfn_end_use" and not measure.conditions:
        needs.append("end_use")
    verdict = judge(measure, stated)
    if verdict.action != "apply":
        needs += [" or ".join(group) or "its conditions" for group in verdict.needs]
    warnings: tuple[str, ...] = ()
    if measure.order_number:
        needs += _quota_needs(measure, claim, stated, rules.quotas, at)
        quota = rules.quotas.get(measure.order_number)
        if quota is not None and quota.status == "critical":
            warnings = ("security_may_be_required",)
    return Option(measure, tuple(needs), warnings)


def _claim(measure: Measure, claims: tuple[Claim, ...]) -> Claim | None:
    for claim in claims:
        if measure.order_number and claim.order_number == measure.order_number:
            return claim
        if not measure.order_number and measure.programme and claim.programme == measure.programme:
            return claim
    return None


def _claim_needs(measure: Measure, claim: Claim | None) -> list[str]:
    needs = [] if claim else [f"claim of {measure.programme or measure.native_type}"]
    is_proven = claim is not None and bool(claim.proof)
    if measure.kind in PREFERENCES and not is_proven:
        needs.append("proof of origin")
    return needs


def _quota_needs(
    measure: Measure, claim: Claim | None, stated: Stated, quotas: Mapping[str, Quota], at: datetime
) -> list[str]:
    """A balance is of yesterday: too old, or too small for the line, and it is not applied."""
    number = measure.order_number
    needs = [] if claim else [f"claim of quota {number}"]
    quota = quotas.get(number)
    if quota is None or at - quota.at > timedelta(hours=quota.max_age_h):
        return [*needs, f"quota {number}: unverified"]
    if quota.status not in _USABLE:
        return [*needs, f"quota {number}: {quota.status}"]
    wanted = stated.quantity(quota.unit, "")
    if wanted is None:
        return [*needs, f"quota {number}: quantity in {quota.unit}"]
    if wanted > quota.balance:
        return [*needs, f"quota {number}: insufficient, {quota.balance} {quota.unit} left"]
    return needs
