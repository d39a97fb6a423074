"""How measures meet: relations, modes, and what no claim ever lifts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.logistics.domain.tariff.request import Claim
from tests.logistics.tariff_law import CODE, added, ask, duties, gaps, line, mfn, shirts

S301 = {"tags": "us:s301", "origin_area": "CN"}


def test_of_two_lists_of_one_programme_the_higher_counts_and_never_both() -> None:
    found = shirts(
        mfn(CODE, "10%"), added("L1", CODE, "25%", **S301), added("L2", CODE, "7.5%", **S301),
        relations=[{"subject": "us:s301", "relation": "max_of", "object": "us:s301"}],
    )  # fmt: skip

    assert duties(ask(found, line("100", CODE))) == {
        "103": "10.00", "L1": "25.00", "L2": "displaced",
    }  # fmt: skip


def test_an_unknown_amount_may_be_the_highest() -> None:
    found = shirts(
        mfn(CODE, "10%"), added("L1", CODE, "25%", **S301), added("L2", CODE, "1 USD/kg", **S301),
        relations=[{"subject": "us:s301", "relation": "max_of", "object": "us:s301"}],
    )  # fmt: skip

    assert duties(ask(found, line("100", CODE)))["L2"] == "unknown"
    assert duties(ask(found, line("100", CODE, net_weight_g=90_000)))["L1"] == "displaced"


def test_added_duties_stack_in_the_us_with_a_warning_where_nothing_says_so() -> None:
    pair = added("A", CODE, "5%", tags="a"), added("B", CODE, "6%", tags="b")
    stacks = [{"subject": "b", "relation": "stacks", "object": "a"}]

    silent = ask(shirts(mfn(CODE, "10%"), *pair), line("100", CODE))
    told = ask(shirts(mfn(CODE, "10%"), *pair, relations=stacks), line("100", CODE))
    european = ask(shirts(mfn(CODE, "10%"), *pair, jurisdiction="EU"), line("100", CODE))

    assert duties(silent) == duties(told) == {"103": "10.00", "A": "5.00", "B": "6.00"}
    assert silent.warnings == ("relation_assumed",)
    assert told.warnings == european.warnings == ()


def test_a_displacement_on_content_splits_the_value() -> None:
    found = shirts(
        mfn(CODE, "10%"), added("232", CODE, "50%", tags="s232"),
        added("FL", CODE, "10%", tags="fl"),
        relations=[
            {"subject": "s232", "relation": "displaces", "object": "fl",
             "on_basis": "content:steel"},
        ],
    )  # fmt: skip
    steel = line("100", CODE, components={"content:steel": Decimal(30)})

    assert duties(ask(found, steel)) == {"103": "10.00", "232": "15.00", "FL": "7.00"}
    assert gaps(ask(found, line("100", CODE))) == ["content_missing", "content_missing"]


def test_the_displacement_of_higher_precedence_comes_first() -> None:
    """A displaces B first: then B is gone, and displaces C no more."""
    chain = [
        {"subject": "B", "relation": "displaces", "object": "C", "precedence": "1"},
        {"subject": "A", "relation": "displaces", "object": "B", "precedence": "9"},
    ]
    found = shirts(
        mfn(CODE, "10%"), *(added(each, CODE, "5%") for each in "ABC"), relations=chain,
        jurisdiction="EU",
    )  # fmt: skip

    assert duties(ask(found, line("100", CODE))) == {
        "103": "10.00", "A": "5.00", "B": "displaced", "C": "5.00",
    }  # fmt: skip


def test_a_preference_lifts_its_base_duty_and_no_trade_defence() -> None:
    found = shirts(
        mfn(CODE, "10%"),
        mfn(CODE, "Free", kind="preference", measure_key="p", native_type="142", programme="P"),
        added("552", CODE, "30%", kind="anti_dumping"),
        jurisdiction="EU",
    )
    claimed = line("100", CODE, claims=(Claim("P", "proof"),))

    assert duties(ask(found, claimed)) == {"142": "0.00", "552": "30.00"}
    unproven = replace(claimed, claims=(Claim("P", ""),))
    assert duties(ask(found, unproven)) == {"103": "10.00", "552": "30.00"}


def test_a_claim_switches_off_what_says_so() -> None:
    found = shirts(
        mfn(CODE, "10%"),
        mfn(CODE, "Free", kind="preference", measure_key="p", native_type="P", programme="USMCA"),
        added("FL", CODE, "10%"),
        relations=[{"subject": "USMCA", "relation": "excludes", "object": "FL"}],
    )

    assert duties(ask(found, line("100", CODE))) == {"103": "10.00", "FL": "10.00"}
    claimed = line("100", CODE, claims=(Claim("USMCA", "certificate"),))
    assert duties(ask(found, claimed)) == {"P": "0.00", "FL": "displaced"}


@pytest.mark.parametrize(
    ("mode", "rate", "expected"),
    [
        ("additive", "15%", {"103": "10.00", "X": "15.00"}),
        ("replace", "15%", {"103": "displaced", "X": "15.00"}),
        ("minimum_total", "15%", {"103": "10.00", "X": "5.00"}),
        ("minimum_total", "5%", {"103": "10.00", "X": "0.00"}),
        ("maximum_total", "5%", {"103": "10.00", "X": "-5.00"}),
        ("maximum_total", "15%", {"103": "10.00", "X": "0.00"}),
        ("no_additional", "No change", {"103": "10.00", "X": "exempted"}),
        (
            "",
            "The duty provided in the applicable subheading + 15%",
            {"103": "10.00", "X": "15.00"},
        ),
        ("", "No change", {"103": "10.00", "X": "exempted"}),
    ],
)
def test_a_mode_says_how_an_amount_joins_the_base(
    mode: str, rate: str, expected: dict[str, str]
) -> None:
    ledger = ask(shirts(mfn(CODE, "10%"), added("X", CODE, rate, mode=mode)), line("100", CODE))

    assert duties(ledger) == expected
    amounts = [each.amount for each in ledger.lines if each.amount is not None]
    assert ledger.total("duty") == sum(amounts, Decimal(0))


def test_two_that_replace_the_base_duty_say_nothing() -> None:
    found = shirts(
        mfn(CODE, "10%"),
        added("X", CODE, "5%", mode="replace"),
        added("Y", CODE, "6%", mode="replace"),
    )

    assert "conflicting_replacement" in gaps(ask(found, line("100", CODE)))
    assert ask(found, line("100", CODE)).total("duty") is None


def test_a_total_counts_what_it_names() -> None:
    found = shirts(
        mfn(CODE, "10%"), added("A", CODE, "4%", tags="a"),
        added("FLOOR", CODE, "20%", mode="minimum_total", counts="base;a"),
    )  # fmt: skip

    assert duties(ask(found, line("100", CODE)))["FLOOR"] == "6.00"
