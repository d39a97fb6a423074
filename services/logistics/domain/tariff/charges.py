"""Parts of single charges: statuses, limits, and what a gap says."""

from decimal import Decimal

from services.logistics.domain.tariff.evaluation import Missing
from services.logistics.domain.tariff.ledger import (
    Gap,
    LedgerLine,
)
from services.logistics.domain.tariff.rules import Fee, Measure, Relief

DIGITS = 34


def tax_status(unrounded: Decimal | None, relief: Relief | None) -> str:
    if unrounded is None:
        return "unknown"
    return "relieved" if relief is not None and relief.kind == "exempt" else "applied"


def clamped(fee: Fee, base: Decimal) -> Decimal:
    if fee.flat is not None:
        return fee.flat
    amount = base * (fee.pct or Decimal(0)) / 100
    amount = amount if fee.least is None else max(amount, fee.least)
    return amount if fee.most is None else min(amount, fee.most)


def fee_text(fee: Fee) -> str:
    if fee.flat is not None:
        return f"{fee.flat} {fee.currency}"
    text = f"{fee.pct}%"
    text += f" MIN {fee.least}" if fee.least is not None else ""
    return text + (f" MAX {fee.most}" if fee.most is not None else "")


def unknown_duty(line_id: str, why: str) -> LedgerLine:
    return LedgerLine(
        line_id, "duty", "", "", "", None, None, None, "unknown", why, why, "import", "customs",
        None,
    )  # fmt: skip


def gap_of(pointer: str, missing: Missing, duty: Measure) -> Gap:
    field = "net_weight_g" if missing.what == "KGM" else f"quantities/{missing.what}"
    message = f"{duty.expression_text} needs {missing.what}; give {field.replace('/', '.')}"
    return Gap(f"{pointer}/{field}", missing.code, "blocks", message, (duty.measure_key,))
