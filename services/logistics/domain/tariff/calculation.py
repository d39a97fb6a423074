"""`calculate`: value, duties, reliefs, tax, fees, in the order of the law. Bases stay unrounded."""

from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from contracts.values import Incoterm
from services.logistics.domain.tariff.controls import compliance_of
from services.logistics.domain.tariff.ddp import taken_apart
from services.logistics.domain.tariff.duties import Charged, Drawer, LineDuties
from services.logistics.domain.tariff.evaluation import Facts
from services.logistics.domain.tariff.fees import Fees
from services.logistics.domain.tariff.ireland import of_two_schedules
from services.logistics.domain.tariff.law import ZONES, Measure, Rules
from services.logistics.domain.tariff.ledger import Ledger
from services.logistics.domain.tariff.lines import Alternative, Compliance, Gap, LedgerLine
from services.logistics.domain.tariff.measuring import facts_of, stated_of
from services.logistics.domain.tariff.options import Option, option_of
from services.logistics.domain.tariff.relief import INSTEAD, Reliefs
from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.selection import Plan, plan_for
from services.logistics.domain.tariff.settling import settled
from services.logistics.domain.tariff.sparing import relieved
from services.logistics.domain.tariff.taxes import Taxes
from services.logistics.domain.tariff.valuation import Valued, value

DIGITS = 34
ZERO = Decimal(0)


def calculate(request: Request, rules: Rules) -> Ledger:
    """Every charge of one consignment, with its source. Pure: no clock, no float.

    `request.rate_date` must be the moment that `rules` were taken at.
    """
    with localcontext() as context:
        context.prec = DIGITS
        if request.price_term == Incoterm.DDP and request.crosses_a_border:
            return taken_apart(request, rules, _calculated)
        return _calculated(request, rules)


def _calculated(request: Request, rules: Rules) -> Ledger:
    return _Calculation(request, rules).ledger()


class _Calculation:
    def __init__(self, request: Request, rules: Rules) -> None:
        self._request, self._rules = request, rules
        self._gaps: list[Gap] = []
        self._warnings: list[str] = []
        self._alternatives: list[Alternative] = []
        self._compliance: list[Compliance] = []
        zone = ZoneInfo(ZONES.get(request.jurisdiction, "UTC"))
        self._day = request.rate_date.astimezone(zone).strftime("%m-%d")
        is_prepaid = request.incoterm == "DDP"  # the buyer pays the seller now, else at the door
        self._due_at = "sale" if is_prepaid else "import"
        self._paid_by = "seller" if is_prepaid else "buyer"

    def ledger(self) -> Ledger:
        request, rules = self._request, self._rules
        if request.currency != rules.currency and rules.uses_fallback:
            self._warnings.append("fx_fallback")
        self._valued, gaps = value(request, rules)
        self._reliefs = Reliefs(request, rules, self._valued)
        self._taxes = Taxes(request, rules, self._reliefs)
        lines = self._crossing(gaps) if request.crosses_a_border else self._inland()
        for at, each in enumerate(self._valued):
            self._gaps += self._taxes.gaps(at, each)
        return Ledger(
            jurisdiction=rules.jurisdiction,
            currency=rules.currency,
            lines=tuple(lines),
            gaps=tuple(self._gaps),
            warnings=tuple(dict.fromkeys(self._warnings)),
            goods=sum((each.goods for each in self._valued), ZERO),
            freight=rules.round("value", sum((each.freight for each in self._valued), ZERO)),
            insurance=rules.round("value", sum((each.insurance for each in self._valued), ZERO)),
            layers=rules.coverage,
            alternatives=tuple(self._alternatives),
            compliance=tuple(self._compliance),
        )

    def _inland(self) -> list[LedgerLine]:
        charged = [Charged(None, duty=ZERO) for _ in self._valued]
        for at, each in enumerate(charged):
            self._tax(at, each, ZERO)
        return [line for each in charged for line in each.taxes]

    def _crossing(self, gaps: tuple[Gap, ...]) -> list[LedgerLine]:
        self._gaps += gaps
        self._warnings += self._taxes.warnings()
        fees = Fees(self._request, self._rules, self._valued, self._due_at)
        on_value = fees.on_value()
        shares = fees.taxable(on_value)
        charged = [
            self._line(at, each, shares[each.line.line_id]) for at, each in enumerate(self._valued)
        ]
        for each in charged:
            self._gaps += each.gaps
            self._warnings += each.warnings
        lines = settled(charged, self._reliefs, self._rules)
        return [*lines, *on_value, *fees.on_charges(lines)]

    def _line(self, at: int, valued: Valued, fees: Decimal) -> Charged:
        """Of one line: relieved, unknown, or the cheapest of the rates it may have."""
        request, rules = self._request, self._rules
        drawer = self._drawer(valued)
        plan = plan_for(valued.line, request.ship_from, rules)
        facts = facts_of(valued, request, rules, self._day)
        if plan.controls:
            stated = stated_of(valued, request, facts)
            self._compliance += [
                compliance_of(each, valued.line.line_id, stated) for each in plan.controls
            ]
        relief = self._reliefs.of("duty", INSTEAD)
        if relief is not None:
            charged = relieved(at, self._valued, relief, drawer, facts)
            duties = LineDuties(drawer, facts, stated_of(valued, request, facts), f"/lines/{at}")
            for excise in plan.excises:
                duties.excise(charged, excise)
        elif plan.standard is None:
            charged = self._unknown(at, plan, drawer)
        else:
            charged = self._priced(at, plan, drawer, facts, fees)
        if not charged.taxes:
            self._tax(at, charged, fees)
        return charged

    def _priced(self, at: int, plan: Plan, drawer: Drawer, facts: Facts, fees: Decimal) -> Charged:
        valued, standard = self._valued[at], plan.standard
        assert standard is not None  # noqa: S101 - its caller has looked
        stated = stated_of(valued, self._request, facts)
        duties = LineDuties(drawer, facts, stated, f"/lines/{at}")
        self._warnings += plan.warnings
        if plan.other_schedule is not None:
            at_risk = self._request.is_at_risk
            worth = valued.customs_value
            return of_two_schedules(duties, plan, worth, self._rules, is_at_risk=at_risk)
        if not plan.options:
            return duties.under(standard, plan.added, plan.excises)
        options = [
            Option(standard, ()),
            *(
                option_of(each, valued.line, stated, self._rules, self._request.rate_date)
                for each in plan.options
            ),
        ]
        outcomes = [
            (option, self._under(at, option.measure, duties, plan, fees)) for option in options
        ]
        return self._cheapest(valued.line.line_id, outcomes)

    def _under(
        self, at: int, measure: Measure, duties: LineDuties, plan: Plan, fees: Decimal
    ) -> Charged:
        charged = duties.under(measure, plan.added, plan.excises)
        self._tax(at, charged, fees)
        return charged

    def _cheapest(self, line_id: str, outcomes: list[tuple[Option, Charged]]) -> Charged:
        """The lowest line total that may be had; the others are told, with what they need."""
        may_be_had = [each for each in outcomes if not each[0].needs]
        known = [each for each in may_be_had if each[1].total is not None]
        chosen = min(known, key=lambda each: each[1].total or ZERO, default=may_be_had[0])
        option, charged = chosen
        self._warnings += option.warnings
        for other, outcome in outcomes:
            if other is not option:
                saving = None
                if charged.total is not None and outcome.total is not None:
                    saving = charged.total - outcome.total
                self._alternatives.append(
                    Alternative(
                        line_id,
                        other.measure.kind,
                        other.measure.measure_key,
                        outcome.base_duty,
                        outcome.total,
                        saving,
                        other.needs,
                    )
                )
        return charged

    def _unknown(self, at: int, plan: Plan, drawer: Drawer) -> Charged:
        pointer = f"/lines/{at}"
        gaps = [
            Gap(f"{pointer}/{lack.field}", lack.code, "blocks", lack.message, lack.measure_keys)
            for lack in plan.lacks
        ]
        charged = Charged(None, gaps=gaps, excise=None)
        charged.lines.append(drawer.unknown(plan.lacks[0].message))
        return charged

    def _tax(self, at: int, charged: Charged, fees: Decimal) -> None:
        valued = self._valued[at]
        self._taxes.charge(valued, charged, self._drawer(valued), fees)

    def _drawer(self, valued: Valued) -> Drawer:
        line_id = valued.line.line_id
        return Drawer(self._request, self._rules, line_id, self._due_at, self._paid_by)
