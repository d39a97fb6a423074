"""Parts of the answer: charges, gaps, alternatives, what must be shown; sums that lose nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType

from contracts.values import exponent
from services.logistics.domain.tariff.law import Cited, rounded

_NOTHING: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Gap:
    """A missing fact: where it belongs, what needs it, how to mend it."""

    pointer: str
    code: str
    severity: str  # blocks, assumed, info
    message: str
    measure_keys: tuple[str, ...] = ()
    accepted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One charge on one line of goods (`line_id`), or on the entry as a whole (empty).

    Amounts are in the ledger's currency; `amount` is rounded once, None where unknown.
    """

    line_id: str
    kind: str  # duty, tax, fee
    measure_kind: str  # mfn, additional, excise, vat, MPF ...
    measure_key: str
    native_type: str
    expression_text: str
    base: Decimal | None
    unrounded: Decimal | None
    amount: Decimal | None
    currency: str
    status: str  # applied, displaced, exempted, relieved, unknown
    because: str
    due_at: str  # sale, import
    payee: str
    cited: Cited | None
    atoms: tuple[str, ...] = ()
    mode: str = "additive"
    programme: str = ""
    collected_by: str = "customs"
    paid_by: str = "buyer"
    recoverable: bool = False
    allocations: Mapping[str, Decimal] = field(default_factory=lambda: _NOTHING)

    @property
    def explanation(self) -> str:
        """One sentence, worked out where it is shown."""
        if self.status == "unknown" and self.because:
            return self.because
        cited = self.cited
        law = (cited.legal_ref if cited else "") or self.native_type
        if self.status in ("displaced", "exempted"):
            return f"nothing is charged of {self.expression_text}: {self.because}; {law}"
        if self.status == "relieved" or self.kind == "relief":
            return f"{self.expression_text}: {self.because}, {law}"
        shown = "an unknown base"
        if self.base is not None:
            shown = f"{rounded(self.base, self.currency)} {self.currency}"
        if self.kind == "tax" and self.atoms:
            atoms = ", ".join(atom.replace("_", " ") for atom in self.atoms)
            return f"{self.native_type} {self.expression_text} of {shown} ({atoms})"
        if self.kind == "fee":
            return f"{self.native_type}: {self.expression_text}, {law}"
        since = f", in force since {cited.valid_from.date().isoformat()}" if cited else ""
        return f"{self.expression_text} of {shown} customs value, {law}{since}"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another rate a line could have: its charges, what it would save, what it still needs."""

    line_id: str
    option: str
    measure_key: str
    base_duty: Decimal | None
    line_total: Decimal | None
    saving: Decimal | None
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compliance:
    """What must be shown or may not be sent. `any_of`: per group, what would satisfy it."""

    line_id: str
    status: str  # blocked, document_required, satisfied, information
    measure_key: str
    native_type: str
    any_of: tuple[tuple[str, ...], ...]
    legal_ref: str


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


def sum_of(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Unknown if any is."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
