"""Tax on a line: its base's atoms, its rate by area and class, who collects it and when."""

from decimal import Decimal

from services.logistics.domain.tariff.duties import Charged, Drawer
from services.logistics.domain.tariff.law import Relief, Rules, Tax, TaxRate
from services.logistics.domain.tariff.lines import Gap, LedgerLine, sum_of
from services.logistics.domain.tariff.relief import SPARING, Reliefs
from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.valuation import Valued

ZERO = Decimal(0)
_KINDS = SPARING | {"scheme"}


class Taxes:
    """Those levied in the tax area of one request."""

    def __init__(self, request: Request, rules: Rules, reliefs: Reliefs) -> None:
        self._request, self._rules, self._reliefs = request, rules, reliefs
        area = request.tax_area
        areas = {(tax, where) for tax, where, _ in rules.tax_rates}
        self._levied = [
            (tax, reliefs.of(tax.tax.lower(), _KINDS))
            for tax in rules.taxes
            if (tax.tax, area) in areas
        ]

    def gaps(self, at: int, valued: Valued) -> list[Gap]:
        """What is not known of a line's tax, whatever its duty."""
        gaps = []
        pointer, given = f"/lines/{at}/tax_class", valued.line.tax_class
        for tax, _ in self._levied:
            if self._rate(tax, valued) is None:
                message = f"no rate of {tax.tax} of class {given} in {self._request.tax_area}"
                gaps.append(Gap(pointer, "tax_area_missing", "blocks", message))
            elif given is None:
                message = f"{tax.tax} at the standard rate: no lower class is claimed"
                gaps.append(Gap(pointer, "tax_class_assumed", "assumed", message))
        return gaps

    def warnings(self) -> list[str]:
        lacking = any(self._reliefs.lacking_a_number(tax.tax.lower()) for tax, _ in self._levied)
        return ["scheme_number_missing"] if lacking else []

    def charge(self, valued: Valued, charged: Charged, drawer: Drawer, fees: Decimal) -> None:
        for tax, relief in self._levied:
            rate = self._rate(tax, valued)
            if rate is not None:
                base = self._base(valued, tax, charged, fees, relief)
                charged.taxes.append(self._line(tax, rate, base, relief, drawer))

    def _rate(self, tax: Tax, valued: Valued) -> TaxRate | None:
        key = (tax.tax, self._request.tax_area, valued.line.tax_class or "standard")
        return self._rules.tax_rates.get(key)

    def _base(
        self, valued: Valued, tax: Tax, charged: Charged, fees: Decimal, relief: Relief | None
    ) -> Decimal | None:
        """The atoms of the law; without a border all that is paid for the goods to arrive."""
        if not self._request.crosses_a_border:
            return valued.goods + valued.freight + valued.insurance
        atoms: list[Decimal | None] = [fees]
        for atom in tax.atoms:
            if atom == "customs_value":
                atoms.append(valued.customs_value)
            elif atom == "duty":
                atoms.append(self._duty(charged, relief))
            elif atom == "excise":
                atoms.append(charged.excise)
            else:
                atoms.append(getattr(valued, _ATOMS[atom]) if atom in _ATOMS else None)
        return sum_of(atoms)

    def _duty(self, charged: Charged, relief: Relief | None) -> Decimal | None:
        """Whether a flat duty per item enters the base of a tax collected at sale is disputed."""
        is_flat = any(line.native_type == "flat_per_item" for line in charged.lines)
        at_sale = relief is not None and relief.kind == "scheme"
        if is_flat and at_sale and not self._request.flat_duty_is_taxed:
            return ZERO
        return charged.duty

    def _line(
        self, tax: Tax, rate: TaxRate, base: Decimal | None, relief: Relief | None, drawer: Drawer
    ) -> LedgerLine:
        request, spared = self._request, relief is not None and relief.kind in SPARING
        amount = None if base is None else base * rate.rate / 100
        if spared:
            amount = ZERO
        is_scheme = relief is not None and relief.kind == "scheme"
        at_sale = is_scheme or not request.crosses_a_border
        return LedgerLine(
            line_id=drawer.line_id,
            kind="tax",
            measure_kind=tax.tax.lower(),
            measure_key=f"{tax.tax}:{request.tax_area}:{rate.tax_class}",
            native_type=tax.tax,
            expression_text=f"{rate.rate}%",
            base=base,
            unrounded=amount,
            amount=None if amount is None else self._rules.round("tax", amount),
            currency=self._rules.currency,
            status="unknown" if amount is None else "relieved" if spared else "applied",
            because="" if relief is None else f"{relief.effect} ({relief.rule_key})",
            due_at="sale" if at_sale else drawer.due_at,
            payee="tax authority",
            cited=rate.cited,
            atoms=tax.atoms,
            collected_by="seller" if at_sale else tax.collected_by,
            paid_by=drawer.paid_by,
            recoverable=bool(request.buyer_tax_number) and request.buyer == "business",
        )


_ATOMS = {
    "first_destination_cost": "first_destination",
    "international_transport": "freight",
    "international_insurance": "insurance",
}
