"""Fees: per entry, clamped and rounded there, then allocated to the lines by customs value."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.logistics.domain.tariff.evaluation import Facts, Missing, evaluate
from services.logistics.domain.tariff.law import Fee, Rules
from services.logistics.domain.tariff.lines import LedgerLine, sum_of, with_allocations
from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.valuation import Valued

ZERO = Decimal(0)


class Fees:
    """Of one entry. Those on charges advanced are known only once the charges are."""

    def __init__(
        self, request: Request, rules: Rules, valued: tuple[Valued, ...], due_at: str
    ) -> None:
        self._request, self._rules, self._valued, self._due_at = request, rules, valued, due_at
        self._value = sum((each.customs_value for each in valued), ZERO)
        self._applying = [fee for fee in rules.fees if self._applies(fee)]

    def on_value(self) -> list[LedgerLine]:
        return self._lines("customs_value", self._value)

    def on_charges(self, charges: Sequence[LedgerLine]) -> list[LedgerLine]:
        """A carrier's: on what is due at the border, which it advances."""
        advanced = [line.amount for line in charges if line.due_at == "import"]
        return self._lines("charges", sum_of(advanced))

    def taxable(self, lines: Sequence[LedgerLine]) -> dict[str, Decimal]:
        """Each line's unrounded share of the fees that join the base of tax."""
        names = {fee.fee for fee in self._applying if fee.taxable}
        shares = {each.line.line_id: ZERO for each in self._valued}
        for line in lines:
            if line.native_type not in names or line.unrounded is None:
                continue
            if line.line_id:
                shares[line.line_id] += line.unrounded
                continue
            for each in self._valued:
                part = each.customs_value / self._value if self._value else ZERO
                shares[each.line.line_id] += line.unrounded * part
        return shares

    def _lines(self, base: str, entry: Decimal | None) -> list[LedgerLine]:
        lines = []
        for fee in self._applying:
            if fee.base != base:
                continue
            if fee.per in ("line", "item"):
                lines += [self._of_line(fee, each) for each in self._valued]
            else:
                weights = {each.line.line_id: each.customs_value for each in self._valued}
                line = self._line(fee, "", entry)
                lines.append(with_allocations(line, weights, self._rules.currency))
        return lines

    def _of_line(self, fee: Fee, each: Valued) -> LedgerLine:
        times = each.line.quantity if fee.per == "item" else 1
        return self._line(fee, each.line.line_id, each.customs_value, times)

    def _line(self, fee: Fee, line_id: str, base: Decimal | None, times: int = 1) -> LedgerLine:
        amount = None if base is None else self._amount(fee, base)
        amount = None if amount is None else amount * times
        return LedgerLine(
            line_id=line_id,
            kind="fee",
            measure_kind=fee.fee,
            measure_key=f"{self._rules.jurisdiction}:{fee.fee}",
            native_type=fee.fee,
            expression_text=f"{fee.text} per {fee.per}",
            base=base,
            unrounded=amount,
            amount=None if amount is None else self._rules.round("fee", amount),
            currency=self._rules.currency,
            status="unknown" if amount is None else "applied",
            because="",
            due_at=self._due_at,
            payee=fee.payee,
            cited=fee.cited,
            collected_by=fee.payee,
            paid_by="seller" if self._due_at == "sale" else "buyer",
        )

    def _amount(self, fee: Fee, base: Decimal) -> Decimal | None:
        facts = Facts(base, "", _no_quantity, _no_part, self._rules.convert)
        amount = evaluate(fee.expression, facts)
        return None if isinstance(amount, Missing) else amount

    def _applies(self, fee: Fee) -> bool:
        request = self._request
        facts: Mapping[str, frozenset[str]] = {
            "entry_type": frozenset({request.entry_type}),
            "mode": frozenset({request.mode}),
            "channel": frozenset({request.channel}),
            "scheme": request.schemes,
        }
        return all(
            self._is_in_range(name, wanted)
            if name in ("value_up_to", "value_over")
            else bool(facts.get(name, frozenset()) & wanted)
            for name, wanted in fee.applies.items()
        )

    def _is_in_range(self, name: str, wanted: frozenset[str]) -> bool:
        limit = Decimal(next(iter(wanted)))
        return self._value <= limit if name == "value_up_to" else self._value > limit


def _no_quantity(_unit: str, _qualifier: str) -> None:
    return None


def _no_part(_of: str) -> None:
    return None
