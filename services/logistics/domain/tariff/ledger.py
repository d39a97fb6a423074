"""The answer: every charge with its base, rate and source; totals; what is not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.logistics.domain.tariff.law import rounded
from services.logistics.domain.tariff.lines import (
    Alternative,
    Compliance,
    Gap,
    LedgerLine,
    allocate,
)

__all__ = ["Gap", "Ledger", "LedgerLine", "allocate", "as_json", "gap_json", "rounded"]

_CONFIDENCE = ("low", "medium", "high")


@dataclass(frozen=True)
class Ledger:
    """Complete, incomplete (a charge is unknown) or blocked. Totals hold None where unknown."""

    jurisdiction: str
    currency: str
    lines: tuple[LedgerLine, ...]
    gaps: tuple[Gap, ...]
    warnings: tuple[str, ...]
    goods: Decimal
    freight: Decimal
    insurance: Decimal
    layers: Mapping[str, tuple[str, str]]
    alternatives: tuple[Alternative, ...] = ()
    compliance: tuple[Compliance, ...] = ()

    @property
    def status(self) -> str:
        if any(each.status == "blocked" for each in self.compliance):
            return "blocked"
        blocks = any(gap.severity == "blocks" for gap in self.gaps)
        unknown = any(line.amount is None for line in self.lines)
        return "incomplete" if blocks or unknown else "complete"

    def total(self, kind: str, line_id: str | None = None) -> Decimal | None:
        """Of one kind of charge, for one line or all; None where any of it is unknown.

        A charge on the entry counts for a line by what was allocated to it.
        """
        found = Decimal(0)
        for line in self.lines:
            if line.kind != kind or line_id not in (None, line.line_id, *line.allocations):
                continue
            if line.amount is None:
                return None
            is_part = line_id is not None and line.line_id != line_id
            found += line.allocations[line_id or ""] if is_part else line.amount
        return None if self.status == "incomplete" and found == 0 else found

    def due(self, at: str) -> Decimal | None:
        """What is due `sale` or `import`; None where any charge is unknown."""
        if self.status != "complete":
            return None
        return sum(
            (line.amount for line in self.lines if line.due_at == at and line.amount is not None),
            Decimal(0),
        )

    @property
    def known_subtotal(self) -> Decimal:
        """A lower bound: what is known of the charges."""
        return sum((line.amount for line in self.lines if line.amount is not None), Decimal(0))

    @property
    def confidence(self) -> str:
        """Of the weakest row used."""
        used = [line.cited.confidence for line in self.lines if line.cited]
        return min(used, key=_CONFIDENCE.index, default="high")

    @property
    def next_change(self) -> datetime | None:
        """When the first of the rows used ends."""
        ends = [line.cited.valid_to for line in self.lines if line.cited and line.cited.valid_to]
        return min(ends, default=None)


def as_json(ledger: Ledger) -> dict[str, Any]:
    """Strings, integers, lists and objects only, so that its canonical form can be hashed."""
    return {
        "jurisdiction": ledger.jurisdiction,
        "currency": ledger.currency,
        "status": ledger.status,
        "goods": str(ledger.goods),
        "freight": str(ledger.freight),
        "insurance": str(ledger.insurance),
        "known_subtotal": str(ledger.known_subtotal),
        "lines": [_line(line, seq) for seq, line in enumerate(ledger.lines, 1)],
        "alternatives": [_alternative(each) for each in ledger.alternatives],
        "compliance": [_compliance(each) for each in ledger.compliance],
        "gaps": [gap_json(gap) for gap in ledger.gaps],
        "warnings": list(ledger.warnings),
        "confidence": ledger.confidence,
        "next_change": _moment(ledger.next_change),
        "layers": {
            layer: {"state": state, "as_of": as_of}
            for layer, (state, as_of) in sorted(ledger.layers.items())
        },
    }


def gap_json(gap: Gap) -> dict[str, Any]:
    return {
        "pointer": gap.pointer,
        "code": gap.code,
        "severity": gap.severity,
        "message": gap.message,
        "measure_keys": list(gap.measure_keys),
    }


def _line(line: LedgerLine, seq: int) -> dict[str, Any]:
    cited = line.cited
    return {
        "seq": seq,
        "line_id": line.line_id or None,
        "kind": line.kind,
        "measure_kind": line.measure_kind,
        "measure_key": line.measure_key,
        "native_type": line.native_type,
        "programme": line.programme,
        "expression_text": line.expression_text,
        "mode": line.mode,
        "base": _text(line.base),
        "amount_unrounded": _text(line.unrounded),
        "amount": _text(line.amount),
        "status": line.status,
        "because": line.because,
        "explanation": line.explanation,
        "due_at": line.due_at,
        "payee": line.payee,
        "collected_by": line.collected_by,
        "paid_by": line.paid_by,
        "recoverable": line.recoverable,
        "allocations": {key: str(part) for key, part in sorted(line.allocations.items())},
        "source": cited.source if cited else "",
        "legal_ref": cited.legal_ref if cited else "",
        "confidence": cited.confidence if cited else "",
        "valid_from": cited.valid_from.isoformat() if cited else None,
        "valid_to": _moment(cited.valid_to) if cited else None,
    }


def _alternative(each: Alternative) -> dict[str, Any]:
    return {
        "line_id": each.line_id,
        "option": each.option,
        "measure_key": each.measure_key,
        "base_duty": _text(each.base_duty),
        "line_total": _text(each.line_total),
        "saving": _text(each.saving),
        "needs": list(each.needs),
    }


def _compliance(each: Compliance) -> dict[str, Any]:
    return {
        "line_id": each.line_id,
        "status": each.status,
        "measure_key": each.measure_key,
        "native_type": each.native_type,
        "any_of": [list(group) for group in each.any_of],
        "legal_ref": each.legal_ref,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _text(amount: Decimal | None) -> str | None:
    """Canonical: no exponent, no trailing zeros beyond the point."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text and len(text.split(".")[1]) > 4 else text
