"""The answer: every charge with its base, rate and source; totals; what is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contracts.values import exponent
from services.logistics.domain.tariff.rules import Cited

CHARGES = ("duty", "tax", "fee")


@dataclass(frozen=True)
class Gap:
    """A missing fact: where it belongs, what needs it, how to mend it."""

    pointer: str
    code: str
    severity: str  # blocks, assumed, info
    message: str
    measure_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class LedgerLine:
    """One charge on one line of goods (`line_id`), or on the entry as a whole (empty).

    Amounts are in the ledger's currency; `amount` is rounded once, None where unknown.
    """

    line_id: str
    kind: str  # duty, tax, fee
    measure_key: str
    native_type: str
    expression_text: str
    base: Decimal | None
    unrounded: Decimal | None
    amount: Decimal | None
    status: str  # applied, displaced, relieved, unknown
    because: str
    explanation: str
    due_at: str  # sale, import
    payee: str
    cited: Cited | None
    allocations: Mapping[str, Decimal] = field(default_factory=dict)


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

    @property
    def status(self) -> str:
        blocked = any(gap.severity == "blocks" for gap in self.gaps)
        unknown = any(line.amount is None for line in self.lines)
        return "incomplete" if blocked or unknown else "complete"

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


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the minor unit, half up: once per ledger line, never an intermediate."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


def allocate(whole: Decimal, weights: Mapping[str, Decimal], currency: str) -> dict[str, Decimal]:
    """Parts in minor units that sum to the whole: largest remainder, ties to the earlier key."""
    unit = Decimal(1).scaleb(-exponent(currency))
    total = sum(weights.values(), Decimal(0))
    if total == 0:
        weights, total = dict.fromkeys(weights, Decimal(1)), Decimal(len(weights))
    exact = {key: whole * weight / total / unit for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    missing = int(whole / unit) - sum(parts.values())
    order = sorted(exact, key=lambda key: parts[key] - exact[key])
    for key in order[:missing]:
        parts[key] += 1
    return {key: units * unit for key, units in parts.items()}


def with_allocations(line: LedgerLine, weights: Mapping[str, Decimal], currency: str) -> LedgerLine:
    if line.amount is None:
        return line
    return replace(line, allocations=allocate(line.amount, weights, currency))


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
        "lines": [_line_json(line, seq) for seq, line in enumerate(ledger.lines, 1)],
        "gaps": [gap_json(gap) for gap in ledger.gaps],
        "warnings": list(ledger.warnings),
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


def _line_json(line: LedgerLine, seq: int) -> dict[str, Any]:
    cited = line.cited
    return {
        "seq": seq,
        "line_id": line.line_id or None,
        "kind": line.kind,
        "measure_key": line.measure_key,
        "native_type": line.native_type,
        "expression_text": line.expression_text,
        "base": _text(line.base),
        "amount_unrounded": _text(line.unrounded),
        "amount": _text(line.amount),
        "status": line.status,
        "because": line.because,
        "explanation": line.explanation,
        "due_at": line.due_at,
        "payee": line.payee,
        "allocations": {key: str(part) for key, part in sorted(line.allocations.items())},
        "source": cited.source if cited else "",
        "legal_ref": cited.legal_ref if cited else "",
        "confidence": cited.confidence if cited else "",
        "valid_from": cited.valid_from.isoformat() if cited else None,
        "valid_to": cited.valid_to.isoformat() if cited and cited.valid_to else None,
    }


def _text(amount: Decimal | None) -> str | None:
    """Canonical: no exponent, no trailing zeros beyond the point."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text and len(text.split(".")[1]) > 4 else text


def sum_of(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Unknown if any is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None
