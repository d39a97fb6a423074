"""The duties of one line under one base rate: that rate, what is added to it by mode, excise."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from services.logistics.domain.tariff.conditions import Stated, judge
from services.logistics.domain.tariff.evaluation import Facts, Missing, evaluate
from services.logistics.domain.tariff.expression import Expression
from services.logistics.domain.tariff.law import DEFENCE, Measure, Rules
from services.logistics.domain.tariff.lines import Gap, LedgerLine, sum_of
from services.logistics.domain.tariff.measuring import gap_of
from services.logistics.domain.tariff.relations import Met, beaten, met
from services.logistics.domain.tariff.request import Request

ZERO = Decimal(0)
ONE = Decimal(1)
_TOTALS = ("minimum_total", "maximum_total")


@dataclass(slots=True)
class Charged:
    """What a line owes under one option. Sums are unrounded, None where any part is unknown."""

    option: Measure | None
    lines: list[LedgerLine] = field(default_factory=list)
    excises: list[LedgerLine] = field(default_factory=list)
    taxes: list[LedgerLine] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    base_duty: Decimal | None = None
    duty: Decimal | None = None
    excise: Decimal | None = ZERO

    @property
    def total(self) -> Decimal | None:
        """Of the rounded lines."""
        return sum_of([line.amount for line in (*self.lines, *self.excises, *self.taxes)])


@dataclass(frozen=True, slots=True)
class Drawer:
    """Draws ledger lines of one line of goods."""

    request: Request
    rules: Rules
    line_id: str
    due_at: str
    paid_by: str

    def duty(
        self, measure: Measure, amount: Decimal | None, base: Decimal | None, kind: str = "duty"
    ) -> LedgerLine:
        rules = self.rules
        return LedgerLine(
            line_id=self.line_id,
            kind=kind,
            measure_kind=measure.kind,
            measure_key=measure.measure_key,
            native_type=measure.native_type,
            expression_text=measure.rate.text,
            base=base,
            unrounded=amount,
            amount=None if amount is None else rules.round(kind, amount),
            currency=rules.currency,
            status="unknown" if amount is None else "applied",
            because="",
            due_at=self.due_at,
            payee="customs",
            cited=measure.cited,
            mode=measure.mode,
            programme=measure.programme,
            paid_by=self.paid_by,
        )

    def unknown(self, why: str) -> LedgerLine:
        return LedgerLine(
            line_id=self.line_id,
            kind="duty",
            measure_kind="mfn",
            measure_key="",
            native_type="",
            expression_text="",
            base=None,
            unrounded=None,
            amount=None,
            currency=self.rules.currency,
            status="unknown",
            because=why,
            due_at=self.due_at,
            payee="customs",
            cited=None,
            paid_by=self.paid_by,
        )


class LineDuties:
    """Of one line: what every option shares, so that each is worked out from the same facts."""

    def __init__(self, drawer: Drawer, facts: Facts, stated: Stated, pointer: str) -> None:
        self._drawer, self._facts, self._stated = drawer, facts, stated
        self._rules, self._pointer = drawer.rules, pointer

    def under(
        self, option: Measure, added: Sequence[Measure], excises: Sequence[Measure]
    ) -> Charged:
        charged = Charged(option)
        self._facts.refs.clear()
        base = self._worked_out(option, self._facts, charged)
        charged.base_duty = base
        if base is not None:
            self._facts.refs["base_duty"] = base
        line = self._drawer.duty(option, base, self._facts.value)
        if not added:
            charged.lines.append(line)
            charged.duty = base
        else:
            self._add(charged, line, added)
        if option.legal_status == "challenged" and base:
            charged.warnings.append(_challenged(option))
        for excise in excises:
            self.excise(charged, excise)
        return charged

    def _add(self, charged: Charged, base: LedgerLine, added: Sequence[Measure]) -> None:
        """Relations remove, modes decide; what is removed stays as a line of nothing."""
        applying = [each for each in added if self._applies(each)]
        relations = met(charged.option, applying, self._drawer.request.schemes, self._rules)
        if relations.is_assumed:
            charged.warnings.append("relation_assumed")
        bases = {each.measure_key: self._base_of(each, relations, charged) for each in applying}
        amounts = {
            each.measure_key: self._full(each, bases[each.measure_key], charged)
            for each in applying
            if each.measure_key not in relations.removed
        }
        removed = {**relations.removed, **beaten(amounts, applying, self._rules)}
        standing = [each for each in applying if each.measure_key not in removed]
        base, basis = self._replaced(charged, base, standing, amounts)
        charged.lines.append(base)
        known = {name: amount for name, amount in amounts.items() if name not in removed}
        owed = [basis]
        for each in applying:
            key = each.measure_key
            if winner := removed.get(key):
                line = self._drawer.duty(each, ZERO, bases[key])
                because = f"displaced by {winner}"
                charged.lines.append(replace(line, status="displaced", because=because))
                continue
            amount = self._by_mode(each, standing, basis, known)
            if each.mode != "replace":  # else it is the basis already
                owed.append(amount)
            charged.lines.append(self._line(each, amount, bases[key], charged))
        charged.duty = sum_of(owed)

    def _applies(self, measure: Measure) -> bool:
        return not measure.conditions or judge(measure, self._stated).action == "apply"

    def _line(
        self, each: Measure, amount: Decimal | None, base: Decimal | None, charged: Charged
    ) -> LedgerLine:
        line = self._drawer.duty(each, amount, base)
        if each.legal_status == "challenged" and amount:
            charged.warnings.append(_challenged(each))
        if each.mode == "no_additional":
            return replace(line, status="exempted", because=each.expression_text)
        return line

    def _base_of(self, each: Measure, relations: Met, charged: Charged) -> Decimal | None:
        """The value, or the part of it that another measure leaves."""
        part = relations.parts.get(each.measure_key)
        if part is None:
            return self._facts.value
        name = part.removeprefix("-")
        worth = self._facts.part(name)
        if worth is None:
            charged.gaps.append(gap_of(self._pointer, Missing("content_missing", name), each))
            return None
        return self._facts.value - worth if part.startswith("-") else worth

    def _full(self, each: Measure, base: Decimal | None, charged: Charged) -> Decimal | None:
        """What its rate says, before its mode."""
        if each.mode == "no_additional":
            return ZERO
        if base is None:
            return None
        facts = self._facts if base is self._facts.value else replace(self._facts, value=base)
        return self._worked_out(each, facts, charged)

    def _replaced(
        self,
        charged: Charged,
        base: LedgerLine,
        standing: Sequence[Measure],
        amounts: dict[str, Decimal | None],
    ) -> tuple[LedgerLine, Decimal | None]:
        """The base line, and what stands in its place; two that replace it say nothing."""
        replacing = [each for each in standing if each.mode == "replace"]
        if not replacing:
            return base, charged.base_duty
        if len(replacing) > 1:
            keys = tuple(each.measure_key for each in replacing)
            message = f"{' and '.join(keys)} both replace the base duty"
            pointer = f"{self._pointer}/hs_code"
            gap = Gap(pointer, "conflicting_replacement", "blocks", message, keys)
            charged.gaps.append(gap)
            return replace(base, unrounded=None, amount=None, status="unknown"), None
        because = f"replaced by {replacing[0].measure_key}"
        line = replace(base, unrounded=ZERO, amount=ZERO, status="displaced", because=because)
        return line, amounts[replacing[0].measure_key]

    def _by_mode(
        self,
        each: Measure,
        standing: Sequence[Measure],
        basis: Decimal | None,
        amounts: dict[str, Decimal | None],
    ) -> Decimal | None:
        full = amounts[each.measure_key]
        if each.mode not in _TOTALS or full is None:
            return full
        counted = [] if each.counts and not each.counts & {"base", "mfn"} else [basis]
        counted += [
            amounts[other.measure_key]
            for other in standing
            if other.names & each.counts and other.mode not in (*_TOTALS, "replace")
        ]
        total = sum_of(counted)
        if total is None:
            return None
        difference = full - total
        return max(ZERO, difference) if each.mode == "minimum_total" else min(ZERO, difference)

    def excise(self, charged: Charged, excise: Measure) -> None:
        """On value and duty, unless its rate says otherwise; inclusive: of the price with it in."""
        if not self._applies(excise):
            return
        duty = charged.duty
        base = None if duty is None else self._facts.value + duty
        amount = None
        if base is not None:
            share = ONE if excise.mode == "inclusive" else base
            amount = self._worked_out(excise, replace(self._facts, value=share), charged)
        if amount is not None and excise.mode == "inclusive" and base is not None:
            amount = base * amount / (ONE - amount)
        charged.excises.append(self._drawer.duty(excise, amount, base, "tax"))
        charged.excise = sum_of([charged.excise, amount])

    def _worked_out(self, measure: Measure, facts: Facts, charged: Charged) -> Decimal | None:
        expression: Expression | None = measure.rate.expression
        if measure.conditions:
            expression = judge(measure, self._stated).expression or expression
        if expression is None:
            charged.gaps.append(self._not_understood(measure))
            return None
        amount = evaluate(expression, facts)
        if isinstance(amount, Missing):
            charged.gaps.append(gap_of(self._pointer, amount, measure))
            return None
        return amount

    def _not_understood(self, measure: Measure) -> Gap:
        key, text = measure.measure_key, measure.expression_text
        code = "trade_remedy_not_loaded" if measure.kind in DEFENCE else measure.rate.why
        message = f"{text!r} ({key}) is not understood: the charge is unknown"
        if measure.rate.cites:
            message = f"{text!r} ({key}) refers to {', '.join(measure.rate.cites)}: unknown"
        pointer = f"{self._pointer}/hs_code"
        return Gap(pointer, code or "rate_unparsed", "blocks", message, (key,))


def _challenged(measure: Measure) -> str:
    return f"{measure.native_type} is charged and challenged in court"
