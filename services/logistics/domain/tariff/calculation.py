"""`calculate`: value, duties, reliefs, tax, fees, in the order of the law. Bases stay unrounded."""

from dataclasses import replace
from decimal import Decimal, localcontext

from services.logistics.domain.tariff.charges import (
    clamped,
    fee_text,
    gap_of,
    tax_status,
    unknown_duty,
)
from services.logistics.domain.tariff.evaluation import Facts, Missing, evaluate
from services.logistics.domain.tariff.ledger import (
    Gap,
    Ledger,
    LedgerLine,
    rounded,
    sum_of,
    with_allocations,
)
from services.logistics.domain.tariff.relief import relief_for
from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.rules import Fee, Measure, Relief, Rules, Tax
from services.logistics.domain.tariff.selection import Selected, select
from services.logistics.domain.tariff.units import Quantities
from services.logistics.domain.tariff.valuation import Valued, value

DIGITS = 34


def calculate(request: Request, rules: Rules) -> Ledger:
    """Every charge of one consignment, with its source. Pure: no clock, no float.

    `request.rate_date` must be the moment that `rules` were taken at.
    """
    with localcontext() as context:
        context.prec = DIGITS
        return _Calculation(request, rules).ledger()


class _Calculation:
    def __init__(self, request: Request, rules: Rules) -> None:
        self._request = request
        self._rules = rules
        self._lines: list[LedgerLine] = []
        self._gaps: list[Gap] = []
        self._warnings: list[str] = []
        self._valued: tuple[Valued, ...] = ()

    def ledger(self) -> Ledger:
        request, rules = self._request, self._rules
        if request.currency != rules.currency:
            self._warnings.append("fx_fallback")
        self._valued, gaps = value(request, rules)
        if request.crosses_a_border:
            self._gaps += gaps
            duties = {each.line.line_id: self._duties(at) for at, each in enumerate(self._valued)}
            self._taxes(duties)
            self._fees()
        else:
            self._taxes({each.line.line_id: Decimal(0) for each in self._valued})
        return Ledger(
            jurisdiction=rules.jurisdiction,
            currency=rules.currency,
            lines=tuple(self._lines),
            gaps=tuple(self._gaps),
            warnings=tuple(dict.fromkeys(self._warnings)),
            goods=self._sum("goods"),
            freight=rounded(self._sum("freight"), rules.currency),
            insurance=rounded(self._sum("insurance"), rules.currency),
            layers=rules.coverage,
        )

    def _sum(self, name: str) -> Decimal:
        return sum((getattr(each, name) for each in self._valued), Decimal(0))

    def _duties(self, at: int) -> Decimal | None:
        """Unrounded sum of a line's duties; None where one is unknown."""
        valued, pointer = self._valued[at], f"/lines/{at}"
        relief = relief_for("duty", self._request, self._rules, self._valued)
        if relief is not None:
            return self._relieved(valued, relief)
        selected = select(valued.line, self._rules, pointer)
        self._gaps += selected.gaps
        if selected.base is None:
            self._add(unknown_duty(valued.line.line_id, selected.gaps[0].message))
            return None
        base = self._duty(valued, selected.base, pointer)
        added = [self._added(valued, each, selected, base, pointer) for each in selected.added]
        return sum_of([base, *added])

    def _duty(self, valued: Valued, duty: Measure, pointer: str) -> Decimal | None:
        amount = self._evaluated(valued, duty, pointer)
        self._charge(valued, duty, amount, valued.customs_value)
        return amount

    def _added(
        self,
        valued: Valued,
        added: Measure,
        selected: Selected,
        base: Decimal | None,
        pointer: str,
    ) -> Decimal | None:
        """An added duty by its mode; one that another displaces stays as a line of nothing."""
        if winner := selected.displaced.get(added.measure_key):
            line = self._duty_line(valued, added, Decimal(0), valued.customs_value)
            self._add(replace(line, status="displaced", because=f"displaced by {winner}"))
            return Decimal(0)
        amount = self._evaluated(valued, added, pointer)
        if added.mode == "minimum_total" and amount is not None:
            amount = None if base is None else max(Decimal(0), amount - base)
        elif added.mode == "no_additional":
            amount = Decimal(0)
        elif added.mode not in ("additive", "minimum_total"):
            message = f"{added.measure_key}: mode {added.mode} is not calculated yet"
            self._gaps.append(Gap(pointer, "rate_unparsed", "blocks", message))
            amount = None
        self._charge(valued, added, amount, valued.customs_value)
        return amount

    def _evaluated(self, valued: Valued, duty: Measure, pointer: str) -> Decimal | None:
        key = duty.measure_key
        if duty.expression is None:
            message = f"{duty.expression_text!r} ({key}) is not understood: the charge is unknown"
            self._gaps.append(Gap(f"{pointer}/hs_code", "rate_unparsed", "blocks", message, (key,)))
            return None

        line = valued.line
        quantities = Quantities(
            line.quantity, line.quantities, line.net_weight_g, line.gross_weight_g
        )
        day = self._request.rate_date.strftime("%m-%d")
        facts = Facts(valued.customs_value, day, quantities.of, lambda _: None, self._rules.convert)
        amount = evaluate(duty.expression, facts)
        if isinstance(amount, Missing):
            self._gaps.append(gap_of(pointer, amount, duty))
            return None
        return amount

    def _charge(self, valued: Valued, duty: Measure, amount: Decimal | None, base: Decimal) -> None:
        self._add(self._duty_line(valued, duty, amount, base))
        if duty.legal_status == "challenged" and amount:
            self._warnings.append(f"{duty.native_type} is charged and challenged in court")

    def _duty_line(
        self, valued: Valued, duty: Measure, amount: Decimal | None, base: Decimal
    ) -> LedgerLine:
        currency = self._rules.currency
        since = duty.cited.valid_from.date().isoformat()
        return LedgerLine(
            line_id=valued.line.line_id,
            kind="duty",
            measure_key=duty.measure_key,
            native_type=duty.native_type,
            expression_text=duty.expression_text,
            base=base,
            unrounded=amount,
            amount=None if amount is None else rounded(amount, currency),
            status="unknown" if amount is None else "applied",
            because="",
            explanation=f"{duty.expression_text} of {rounded(base, currency)} {currency} customs "
            f"value, {duty.cited.legal_ref or duty.native_type}, in force since {since}",
            due_at=self._due_at(),
            payee="customs",
            cited=duty.cited,
        )

    def _relieved(self, valued: Valued, relief: Relief) -> Decimal:
        """Spared, or one flat duty per item; an item is a declaration line."""
        flat = Decimal(0)
        if relief.kind == "flat_per_item":
            flat = Decimal(relief.effect.split()[1])
        currency = self._rules.currency
        reached = f"{relief.measured_on.replace('_', ' ')} {relief.comparator} {relief.threshold}"
        self._add(
            LedgerLine(
                line_id=valued.line.line_id,
                kind="duty",
                measure_key=relief.rule_key,
                native_type=relief.kind,
                expression_text=relief.effect,
                base=valued.customs_value,
                unrounded=flat,
                amount=rounded(flat, currency),
                status="applied" if flat else "relieved",
                because=f"{reached} {relief.currency}",
                explanation=f"{relief.effect}: {reached} {relief.currency}, "
                f"{relief.cited.legal_ref}",
                due_at=self._due_at(),
                payee="customs",
                cited=relief.cited,
            )
        )
        return flat

    def _taxes(self, duties: dict[str, Decimal | None]) -> None:
        area = self._request.tax_area
        for tax in self._rules.taxes:
            found = [rate for (name, where, _), rate in self._rules.tax_rates.items()
                     if name == tax.tax and where == area]  # fmt: skip
            if found:
                for at, valued in enumerate(self._valued):
                    self._tax(at, valued, tax, duties[valued.line.line_id])

    def _tax(self, at: int, valued: Valued, tax: Tax, duty: Decimal | None) -> None:
        given = valued.line.tax_class
        key = (tax.tax, self._request.tax_area, given or "standard")
        rate = self._rules.tax_rates.get(key)
        if rate is None:
            message = f"no rate of {tax.tax} of class {given} in {self._request.tax_area}"
            self._gaps.append(Gap(f"/lines/{at}/tax_class", "tax_area_missing", "blocks", message))
            return
        if given is None:
            message = f"{tax.tax} at the standard rate: no lower class is claimed"
            self._gaps.append(
                Gap(f"/lines/{at}/tax_class", "tax_class_assumed", "assumed", message)
            )
        relief = relief_for(tax.tax.lower(), self._request, self._rules, self._valued)
        base = self._tax_base(valued, tax, duty)
        unrounded = None if base is None else base * rate.rate / 100
        if relief is not None and relief.kind == "exempt":
            unrounded = Decimal(0)
        at_sale = not self._request.crosses_a_border or (
            relief is not None and relief.kind == "scheme"
        )
        currency = self._rules.currency
        shown = "an unknown base" if base is None else f"{rounded(base, currency)} {currency}"
        self._add(
            LedgerLine(
                line_id=valued.line.line_id,
                kind="tax",
                measure_key=":".join(key),
                native_type=tax.tax,
                expression_text=f"{rate.rate}%",
                base=base,
                unrounded=unrounded,
                amount=None if unrounded is None else rounded(unrounded, currency),
                status=tax_status(unrounded, relief),
                because="" if relief is None else f"{relief.effect} ({relief.rule_key})",
                explanation=f"{tax.tax} {rate.rate}% of {shown} "
                f"({', '.join(atom.replace('_', ' ') for atom in tax.atoms)})",
                due_at="sale" if at_sale else self._due_at(),
                payee="tax authority",
                cited=rate.cited,
            )
        )

    def _tax_base(self, valued: Valued, tax: Tax, duty: Decimal | None) -> Decimal | None:
        """The atoms of the law; without a border all that is paid for the goods to arrive."""
        if not self._request.crosses_a_border:
            return valued.goods + valued.freight + valued.insurance
        atoms = {
            "customs_value": valued.customs_value,
            "duty": duty,
            "excise": Decimal(0),
            "first_destination_cost": Decimal(0),
            "international_transport": valued.freight,
            "international_insurance": valued.insurance,
        }
        return sum_of([atoms[atom] for atom in tax.atoms])

    def _fees(self) -> None:
        """Per entry, clamped and rounded there, then allocated to the lines by customs value."""
        total = self._sum("customs_value")
        facts = {"entry_type": self._request.entry_type, "mode": self._request.mode}
        for fee in self._rules.fees:
            if all(facts.get(name) in wanted for name, wanted in fee.applies.items()):
                self._fee(fee, total)

    def _fee(self, fee: Fee, total: Decimal) -> None:
        amount = self._rules.convert(clamped(fee, total), fee.currency)
        currency = self._rules.currency
        line = LedgerLine(
            line_id="",
            kind="fee",
            measure_key=f"{self._rules.jurisdiction}:{fee.fee}",
            native_type=fee.fee,
            expression_text=fee_text(fee),
            base=total,
            unrounded=amount,
            amount=None if amount is None else rounded(amount, currency),
            status="unknown" if amount is None else "applied",
            because="",
            explanation=f"{fee.fee}: {fee_text(fee)} per entry, {fee.cited.legal_ref}",
            due_at=self._due_at(),
            payee=fee.payee,
            cited=fee.cited,
        )
        weights = {each.line.line_id: each.customs_value for each in self._valued}
        self._add(with_allocations(line, weights, currency))

    def _due_at(self) -> str:
        """DDP: the buyer pays the seller now; otherwise at the door."""
        return "sale" if self._request.incoterm == "DDP" else "import"

    def _add(self, line: LedgerLine) -> None:
        self._lines.append(line)
