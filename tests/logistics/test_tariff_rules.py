"""What applies to a line: dates, origins, codes, companies, conditions, quotas, controls."""

from datetime import UTC, datetime, timedelta

import pytest

from services.logistics.domain.tariff import Ledger, Rules
from services.logistics.domain.tariff.request import Claim
from tests.logistics.tariff_law import (
    AT,
    CODE,
    added,
    ask,
    duties,
    gaps,
    line,
    mfn,
    parsed,
    shirts,
    shown,
)

LAST_DAY = {"valid_from": "2026-10-01", "valid_to": "2026-10-20"}  # New York is at UTC-4


@pytest.mark.parametrize(
    ("at", "applies"),
    [
        (datetime(2026, 10, 1, 3, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 1, 4, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 21, 3, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 21, 4, 0, tzinfo=UTC), False),
    ],
)
def test_a_measure_holds_from_its_first_midnight_to_the_end_of_its_last_day(
    at: datetime, applies: bool
) -> None:
    found = shirts(mfn(CODE, "10%"), added("X", CODE, "5%", **LAST_DAY), at=at)

    assert ("X" in duties(ask(found, line("100", CODE)))) == applies


@pytest.mark.parametrize(("hour", "expected"), [(3, "0.00"), (4, "14.00")])
def test_a_season_turns_at_midnight_where_customs_is(hour: int, expected: str) -> None:
    seasonal = "14.00% (01 JUL - 31 JAN), 0.00% (01 FEB - 30 JUN)"
    at = datetime(2026, 7, 1, hour, tzinfo=UTC)  # New York is at UTC-4

    assert duties(ask(shirts(mfn(CODE, seasonal), at=at), line("100", CODE))) == {"103": expected}


def test_an_origin_is_a_country_a_group_or_a_group_without_some() -> None:
    found = shirts(
        mfn(CODE, "10%"),
        added("A", CODE, "1%", origin_area="ASIA"),
        added("B", CODE, "2%", origin_exclusions="ASIA;MX"),
        added("C", CODE, "3%", ship_from_area="MX"),
        areas=[{"area": "ASIA", "kind": "group", "member": each} for each in ("CN", "VN")],
    )

    assert set(duties(ask(found, line("100", CODE, "VN")))) == {"103", "A"}
    assert set(duties(ask(found, line("100", CODE, "MX")))) == {"103"}
    assert set(duties(ask(found, line("100", CODE, "BR"), ship_from="MX"))) == {"103", "B", "C"}


def test_a_missing_origin_matters_only_where_a_charge_depends_on_it() -> None:
    preference = mfn(CODE, "Free", kind="preference", measure_key="p", origin_area="MX",
                     programme="USMCA")  # fmt: skip
    indifferent = shirts(mfn(CODE, "10%"), preference)
    dependent = shirts(mfn(CODE, "10%"), added("X", CODE, "5%", origin_area="CN"))

    assert duties(ask(indifferent, line("100", CODE, None))) == {"103": "10.00"}
    assert gaps(ask(dependent, line("100", CODE, None))) == ["origin_missing"]


def test_column_two_takes_the_place_of_the_general_rate() -> None:
    found = shirts(
        mfn(CODE, "10%", native_type="general"),
        mfn(
            CODE, "90%", kind="column2", measure_key="two", native_type="column2", origin_area="RU"
        ),
    )

    assert duties(ask(found, line("100", CODE, "RU"))) == {"column2": "90.00"}
    assert duties(ask(found, line("100", CODE, "CN"))) == {"general": "10.00"}


def test_columns_of_two_rows_are_never_mixed() -> None:
    """The special rate stands at the heading; the longer row has none, so there is none."""
    found = shirts(
        mfn("61091000", "10%", native_type="general"),
        mfn("6109", "Free", kind="preference", measure_key="s", native_type="special",
            programme="KR", origin_area="KR"),
    )  # fmt: skip
    claimed = line("100", CODE, "KR", claims=(Claim("KR", "declaration"),))

    assert duties(ask(found, claimed)) == {"general": "10.00"}
    assert ask(found, claimed).alternatives == ()


def test_a_short_code_will_do_where_all_below_are_charged_alike() -> None:
    alike = shirts(mfn("61091000", "10%"))
    apart = shirts(mfn("6109100012", "10%"), mfn("6109100014", "12%"))

    assert ask(alike, line("100", "610910")).warnings == ("code_incomplete",)
    assert duties(ask(alike, line("100", "610910"))) == {"103": "10.00"}
    assert gaps(ask(apart, line("100", "610910"))) == ["hs_code_not_declarable"]
    assert gaps(ask(apart, line("100", "610990"))) == ["commodity_not_loaded"]


def test_two_measures_of_one_kind_at_once_say_nothing() -> None:
    found = shirts(mfn(CODE, "10%"), mfn("6109", "12%"), jurisdiction="EU")

    assert gaps(ask(found, line("100", CODE))) == ["overlapping_measures"]


def test_a_company_without_its_own_rate_and_no_rate_for_others_is_unknown() -> None:
    own = added("552", CODE, "5%", kind="anti_dumping", additional_code="C490")
    found = shirts(mfn(CODE, "10%"), own)

    assert gaps(ask(found, line("100", CODE))) == ["additional_code_missing"]
    assert duties(ask(found, line("100", CODE, additional_code="C490")))["552"] == "5.00"


def test_a_defence_duty_without_a_usable_rate_is_unknown_never_nothing() -> None:
    found = shirts(mfn(CODE, "10%"), added("552", CODE, "see the order", kind="anti_dumping"))
    ledger = ask(found, line("100", CODE))

    assert gaps(ledger) == ["trade_remedy_not_loaded"]
    assert ledger.status == "incomplete"
    assert ledger.total("duty") is None


def end_use(*rows: dict[str, str], rate: str = "0%") -> Rules:
    blank = {"measure_key": "s"}
    return shirts(
        mfn(CODE, "10%"),
        mfn(CODE, rate, kind="suspension", measure_key="s", native_type="117"),
        conditions=[{**blank, **row} for row in rows],
    )


PAPER = {"group": "B", "seq": "1", "requires": "document:C990", "action": "apply"}
ELSE_NOT = {"group": "B", "seq": "2", "requires": "", "action": "not_apply"}


def test_a_suspension_with_a_condition_needs_its_document() -> None:
    found = end_use(PAPER, ELSE_NOT)
    without = ask(found, line("100", CODE))

    assert duties(without) == {"103": "10.00"}
    assert without.alternatives[0].needs == ("document:C990",)
    assert duties(ask(found, line("100", CODE, documents=frozenset({"C990"})))) == {"117": "0.00"}


def test_every_group_of_conditions_must_allow() -> None:
    other = {"group": "Q", "seq": "1", "requires": "document:Y900", "action": "apply"}
    found = end_use(PAPER, ELSE_NOT, other)

    one = line("100", CODE, documents=frozenset({"C990"}))
    both = line("100", CODE, documents=frozenset({"C990", "Y900"}))
    assert duties(ask(found, one)) == {"103": "10.00"}
    assert duties(ask(found, both)) == {"117": "0.00"}


@pytest.mark.parametrize(("operator", "expected"), [("=<", "0.00"), ("<", "10.00")])
def test_a_limit_with_equality_includes_it(operator: str, expected: str) -> None:
    limit = {"group": "A", "seq": "1", "requires": "value", "operator": operator, "amount": "100",
             "currency": "USD", "action": "apply"}  # fmt: skip

    assert expected in duties(ask(end_use(limit), line("100", CODE))).values()


def test_a_measure_without_components_takes_its_duty_from_its_conditions() -> None:
    cheap = {"group": "A", "seq": "1", "requires": "document:C1", "action": "apply_expression",
             "expression": "4%"}  # fmt: skip
    found = end_use(cheap, rate="")

    assert duties(ask(found, line("100", CODE, documents=frozenset({"C1"})))) == {"117": "4.00"}


QUOTA = {"order_number": "051174", "period": "2026", "unit": "KGM", "max_age_h": "48",
         "valid_from": "2026-10-20T08:00:00+00:00"}  # fmt: skip


def quota(**changed: str) -> Ledger:
    found = shirts(
        mfn(CODE, "10%"),
        mfn(CODE, "Free", kind="quota_nonpref", measure_key="q", native_type="122",
            order_number="051174"),
        added("696", CODE, "25%", kind="safeguard"),
        quotas=[{**QUOTA, "status": "open", "balance": "100", **changed}],
        relations=[{"subject": "quota_nonpref", "relation": "excludes", "object": "696"}],
    )  # fmt: skip
    claimed = line("100", CODE, net_weight_g=100_000, claims=(Claim(order_number="051174"),))
    return ask(found, claimed)


def test_a_quota_that_covers_the_line_is_applied_and_avoids_the_safeguard() -> None:
    assert duties(quota()) == {"122": "0.00", "696": "displaced"}
    assert "security_may_be_required" in quota(status="critical").warnings


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"status": "exhausted"}, "exhausted"),
        ({"balance": "99"}, "insufficient, 99 KGM left"),
        ({"max_age_h": "7"}, "unverified"),
    ],
)
def test_a_quota_that_does_not_cover_the_line_leaves_the_full_rate(
    changed: dict[str, str], why: str
) -> None:
    ledger = quota(**changed)

    assert duties(ledger) == {"103": "10.00", "696": "25.00"}
    assert ledger.alternatives[0].needs == (f"quota 051174: {why}",)


@pytest.mark.parametrize(
    ("kind", "documents", "status"),
    [
        ("prohibition", set(), "blocked"),
        ("prohibition", {"C084"}, "satisfied"),
        ("control", set(), "document_required"),
        ("control", {"C084"}, "satisfied"),
    ],
)
def test_a_control_is_told_beside_the_charges(kind: str, documents: set[str], status: str) -> None:
    rows = [{"measure_key": "c", "group": "B", "seq": "1", "requires": "document:C084",
             "action": "allow"}]  # fmt: skip
    if kind == "prohibition":
        rows.append({**rows[0], "seq": "2", "requires": "", "action": "refuse"})
    found = shirts(
        mfn(CODE, "10%"), added("c", CODE, "", kind=kind, native_type="705"), conditions=rows
    )
    ledger = ask(found, line("100", CODE, documents=frozenset(documents)))

    (told,) = ledger.compliance
    assert told.status == status
    assert ledger.status == ("blocked" if status == "blocked" else "complete")
    assert (ledger.due("import") is None) == (status == "blocked")
    assert shown(ledger) == [("L1", "103", "10.00", "applied")]


def test_northern_ireland_takes_the_british_duty_up_to_the_difference() -> None:
    found = shirts(
        mfn(CODE, "6%", native_type="EU"),
        mfn(CODE, "3%", native_type="GB", measure_key="gb", programme="GB"),
        jurisdiction="XI",
        reliefs=[{"rule_key": "r", "kind": "duty_difference", "threshold": "3", "precedence": "1",
                  "comparator": "<=", "measured_on": "duty_difference", "effect": "choice"}],
    )  # fmt: skip

    goods = line("100", CODE)
    assert duties(ask(found, goods, is_at_risk=False)) == {"GB": "3.00", "EU": "displaced"}
    assert duties(ask(found, goods)) == {"EU": "6.00", "GB": "displaced"}


def test_a_word_that_the_engine_does_not_know_is_an_error_of_its_row() -> None:
    found = parsed("US", measures=[mfn(CODE, "10%", mode="additve"), added("X", CODE, "5%")])

    assert [(each.row, each.column, each.code) for each in found.errors] == [
        (2, "mode", "unknown_word")
    ]


def test_the_rows_used_say_how_sure_the_answer_is_and_when_it_changes() -> None:
    found = shirts(mfn(CODE, "10%", confidence="medium"), added("X", CODE, "5%", **LAST_DAY))
    ledger = ask(found, line("100", CODE))

    assert ledger.confidence == "medium"
    assert ledger.next_change == datetime(2026, 10, 21, 4, tzinfo=UTC)
    assert ledger.next_change - AT < timedelta(days=1)
