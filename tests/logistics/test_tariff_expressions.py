"""Expressions: printed and parsed again, measured exactly, unknown where a fact is missing."""

import contextlib
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.logistics.domain.tariff.evaluation import Facts, Missing, evaluate
from services.logistics.domain.tariff.expression import (
    Expression,
    NotStructured,
    Season,
    Term,
    as_json,
    from_json,
)
from services.logistics.domain.tariff.grammar import parse, printed
from services.logistics.domain.tariff.rates import read, special_column
from services.logistics.domain.tariff.units import Quantities

UNITS = ["KGM", "DTN", "TNE", "LTR", "HLT", "NAR", "MIL", "NPR", "MTK", "JWL_OVER_7", "LPA", "PIN"]
QUALIFIERS = ["", "net", "gross", "net_dry", "eda", "drained", "lactic_matter", "content:lead"]
BASES = ["customs_value", "retail_price", "component:case+strap", "content:steel", "repair_value"]

numbers = st.decimals(0, 10**6, places=4)
percentages = st.one_of(numbers.map(Fraction), st.builds(Fraction, st.integers(0, 999), st.just(3)))
ops = st.sampled_from(["+", "-", "MIN", "MAX"])


def amounts(op: str) -> st.SearchStrategy[Term]:
    """Money per units; only a weight is qualified."""
    unit = st.sampled_from(UNITS)
    return st.builds(
        lambda amount, currency, code, more, qualifier, per: Term(
            op,
            amount=amount,
            currency=currency,
            per=Decimal(per) if code == "NAR" else Decimal(1),
            units=(code, *more),
            qualifier=qualifier if code in ("KGM", "DTN", "TNE") else "",
        ),
        numbers,
        st.sampled_from(["EUR", "USD", "GBP"]),
        unit,
        st.sampled_from([(), ("BRX",), ("ASV",)]),
        st.sampled_from(QUALIFIERS),
        st.sampled_from([1, 12, 144, 1000]),
    )


def terms(op: str) -> st.SearchStrategy[Term]:
    return st.one_of(
        st.builds(lambda pct, of: Term(op, pct=pct, of=of), percentages, st.sampled_from(BASES)),
        amounts(op),
        st.builds(lambda word: Term(op, agri=word), st.sampled_from(["EA", "ADSZ", "ADFM"])),
    )


sums = st.lists(ops, max_size=3).flatmap(
    lambda rest: st.tuples(terms("+"), *(terms(op) for op in rest))
)
days = st.dates().map(lambda day: day.strftime("%m-%d"))
expressions = st.one_of(
    sums.map(lambda each: Expression(terms=each)),
    st.lists(st.builds(Season, days, days, sums), min_size=1, max_size=3).map(
        lambda each: Expression(seasons=tuple(each))
    ),
)


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_a_printed_expression_parses_to_the_same(expression: Expression) -> None:
    text = printed(expression)

    assert text is not None
    assert parse(text) == expression, text


@settings(max_examples=150, deadline=None)
@given(expressions)
def test_the_json_of_an_expression_is_the_expression(expression: Expression) -> None:
    assert from_json(json.loads(json.dumps(as_json(expression)))) == expression


def test_flat_amounts_and_references_have_json_but_no_text() -> None:
    fee = {
        "terms": [{"op": "+", "pct": "0.3464"}, {"op": "MIN", "flat": "34.58", "currency": "USD"}]
    }
    rest = {"terms": [{"op": "+", "pct": "12.5"}, {"op": "-", "ref": "base_duty"}]}

    for given_json in (fee, rest):
        assert as_json(from_json(given_json)) == given_json
        assert printed(from_json(given_json)) is None


PIECES = """0.0% 33 1/3% 7,5% 46.3¢ $1 € EUR GBP /kg / 100 kg /gross / net each + - less MIN MAX EA
    (01 JAN-14 FEB) (31 FEB - 99 XXX) Free on the case content and ¢ p/st l alc. 100% 1/0 % See
    9822.05.20 (A,AU) (P+) but not less than 1,000 99999999999999999999 . , ( ) \u00a0 ²""".split()
noise = st.one_of(
    st.text(max_size=80),
    st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")),
    st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)


@settings(max_examples=3000, deadline=None)
@given(noise)
def test_whatever_is_written_parses_or_is_refused_and_nothing_is_raised(text: str) -> None:
    for found in (read(text), *(group.rate for group in special_column(text))):
        assert (found.state == "parsed") == (not found.why)
        assert found.expression is None or from_json(as_json(found.expression))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from("terms seasons op pct of amount currency per units from to x".split()),
            st.one_of(inner, st.sampled_from(["+", "MIN", "1", "0", "1/0", "EUR", "01-01"])),
            max_size=5,
        ),
    ),
)


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_any_json_is_an_expression_or_refused(value: object) -> None:
    with contextlib.suppress(NotStructured):
        assert from_json(value)


def test_a_decimal_comma_is_refused_not_read_as_a_thousand() -> None:
    assert parse("7,5%") is None
    assert parse("1,5 EUR / kg") is None
    assert parse("1,500 EUR / kg") == parse("1500 EUR / kg")


def test_gross_behind_a_weight_is_a_weight_and_else_twelve_dozen() -> None:
    weight, pieces = parse("3.00% MIN 1.20 EUR / 100 kg / gross"), parse("14¢/gross")

    assert weight is not None
    assert pieces is not None
    assert (weight.terms[1].units, weight.terms[1].qualifier) == (("DTN",), "gross")
    assert (pieces.terms[0].per, pieces.terms[0].units) == (Decimal(144), ("NAR",))


def facts(value: str = "1000", day: str = "06-15", **given_: str) -> Facts:
    """Quantities by unit; `component_case` and the like are parts."""
    units = {name: Decimal(text) for name, text in given_.items() if name.isupper()}
    parts = {
        name.replace("component_", "component:"): Decimal(text)
        for name, text in given_.items()
        if name.islower()
    }
    rates = {"EUR": Decimal(1), "GBP": Decimal(2)}
    return Facts(
        Decimal(value),
        day,
        Quantities(1, units).of,
        parts.get,
        lambda amount, currency: amount * rates[currency] if currency in rates else None,
    )


def amount_of(text: str, known: Facts) -> Decimal | Missing:
    expression = parse(text)
    assert expression is not None, text
    return evaluate(expression, known)


def test_what_follows_the_last_limit_belongs_to_the_limit() -> None:
    """min(max(138, 1300), 1500 - 700); split at the first limit it would be max(138, 600) = 600."""
    text = "13.80 % MIN 13.00 EUR/100 kg MAX 15.00 EUR/100 kg - 7.00 EUR/100 kg"

    assert amount_of(text, facts(DTN="100")) == Decimal(800)
    assert amount_of("5% MIN 0.30 EUR / item MAX 0.80 EUR / item", facts(NAR="40")) == Decimal(32)


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("1 EUR / kg", facts(TNE="0.002"), "2"),
        ("1 EUR / 100 kg", facts(KGM="250"), "2.5"),
        ("1 EUR / carat", facts(GRM="1"), "5"),
        ("1 EUR / hl", facts(LTR="250"), "2.5"),
        ("1 EUR / 1000 p/st", facts(NAR="2500"), "2.5"),
        ("12 EUR/doz.", facts(NAR="6"), "6"),
        ("28.74 GBP / l alc. 100%", facts(LTR="100", ASV="40"), "2299.2"),
        ("10 EUR/pf. liter", facts(LTR="1", ASV="50"), "10"),
        ("1.00 EUR / % vol/hl + 6.40 EUR / hl", facts(HLT="2", ASV="12"), "36.8"),
        ("0.30 EUR/100kg/net/%sacchar.", facts(KGM="200", BRX="80"), "48"),
        ("10 EUR/jewel over 7", facts(JWL="17"), "100"),
        ("10 EUR/jewel over 7", facts(JWL="5"), "0"),
        ("6% on the case + 10% on the battery", facts(component_case="50", component_battery="10"),
         "4"),
        ("5% on the case and strap, band or bracelet",
         facts(component_case="50", component_strap="30"), "4"),
        ("16.50 % / Retail Price", facts(retail_price="1000"), "165"),
        ("2% - 1 EUR / kg", facts(KGM="50"), "0"),
        ("Free", facts(), "0"),
        ("0.00 % / Retail Price", facts(), "0"),
    ],
)  # fmt: skip
def test_a_quantity_is_converted_exactly(text: str, known: Facts, expected: str) -> None:
    assert amount_of(text, known) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "known", "missing"),
    [
        ("46.3¢/kg + 14.9%", facts(LTR="5"), Missing("fx_missing", "USD")),
        ("5% + 1 EUR / kg", facts(LTR="5"), Missing("net_weight_missing", "KGM")),
        ("1 EUR / 100 kg / gross", facts(KGM="5"), Missing("quantity_missing", "DTN", "gross")),
        ("1 EUR / kg / net dry", facts(KGM="5"), Missing("quantity_missing", "KGM", "net_dry")),
        ("1 EUR / pair", facts(NAR="5"), Missing("quantity_missing", "NPR")),
        ("1 EUR / l", facts(KGM="5"), Missing("quantity_missing", "LTR")),
        ("1 EUR / l alc. 100%", facts(LTR="5"), Missing("abv_missing", "LPA")),
        ("9% + EA MAX 20.70% + ADFM", facts(), Missing("meursing_code_missing", "EA")),
        ("5% on the movement and case", facts(component_case="5"),
         Missing("component_value_missing", "movement")),
        ("5% on the value of the lead content", facts(),
         Missing("content_missing", "content:lead")),
        ("5% MIN 1 EUR / kg", facts("0"), Missing("net_weight_missing", "KGM")),
    ],
)  # fmt: skip
def test_one_missing_fact_makes_the_whole_unknown(
    text: str, known: Facts, missing: Missing
) -> None:
    assert amount_of(text, known) == missing


SEASONS = "14.00% (01 JUL - 31 JAN), 0.00% (01 FEB - 30 JUN)"


@pytest.mark.parametrize(
    ("day", "expected"), [("06-30", "0"), ("07-01", "140"), ("01-31", "140"), ("02-01", "0")]
)
def test_a_season_holds_its_first_and_last_day_and_may_wrap_the_year(
    day: str, expected: str
) -> None:
    assert amount_of(SEASONS, facts(day=day)) == Decimal(expected)


def test_a_day_in_no_season_or_in_two_that_disagree_is_unknown() -> None:
    gap = "9.60% (01 JAN-15 MAY), 13.40% (16 MAY-30 JUNE)"
    both = "9.60% (01 JAN-15 MAY), 13.40% (10 MAY-30 JUNE)"

    assert amount_of(gap, facts(day="07-01")) == Missing("season_uncovered", "07-01")
    assert amount_of(both, facts(day="05-12")) == Missing("season_uncovered", "05-12")
    assert parse("9.60% (01 JAN-14 APR), 13.60%") is None  # one clause has no window


positive = st.decimals("0.01", 1000, places=2)


@given(sums, positive, positive)
def test_an_amount_is_never_below_zero(
    first: tuple[Term, ...], value: Decimal, count: Decimal
) -> None:
    known = Facts(value, "01-01", lambda _u, _q: count, lambda _of: value, lambda each, _c: each)

    amount = evaluate(Expression(terms=first), known)

    assert isinstance(amount, Missing) or amount >= 0
