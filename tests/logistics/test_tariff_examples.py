"""The specification's worked examples, end to end from rows."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from contracts.values import Incoterm
from services.logistics.domain.tariff import Rules
from services.logistics.domain.tariff.request import Claim
from tests.logistics.tariff_law import added, ask, charges, codes, law, line, mfn, shown

SEA = {"mode": "sea", "entry_type": "formal", "buyer": "business", "channel": "b2b"}


def in_list(name: str, family: str, *prefixes: str) -> list[dict[str, str]]:
    return [
        {"list": name, "family": family, "code": prefix, "include": "true"} for prefix in prefixes
    ]


def united_states() -> Rules:
    """Lists 3 and 4B of section 301 share a code, one suspended; annex 1a is longer than 1b."""
    return law(
        "US",
        commodities=codes("7326908688", "6109100012"),
        lists=[
            *in_list("us-301-3", "us-301", "73269086"),
            *in_list("us-301-4a", "us-301", "61091000"),
            *in_list("us-301-4b", "us-301", "73269086"),
            *in_list("us-232-1a", "us-232", "7326908688"),
            *in_list("us-232-1b", "us-232", "732690"),
        ],
        measures=[
            mfn("73269086", "2.9%", native_type="general"),
            mfn("61091000", "16.5%", native_type="general"),
            mfn("6109", "90%", native_type="general", measure_key="mfn:heading"),
            added("9903.88.03", "list:us-301-3", "25%", origin_area="CN", tags="us:s301"),
            added("9903.88.15", "list:us-301-4a", "7.5%", origin_area="CN", tags="us:s301"),
            added("9903.88.16", "list:us-301-4b", "15%", origin_area="CN", tags="us:s301",
                  legal_status="suspended"),
            added("9903.82.02", "list:us-232-1a", "50%", kind="security", tags="us:s232"),
            added("9903.82.09", "list:us-232-1b", "25%", kind="security", tags="us:s232"),
            added("9903.05.31", "61;73", "12.5%", origin_area="CN", tags="us:note52",
                  legal_status="challenged", valid_from="2026-07-24"),
        ],
        relations=[
            {"subject": "us:s232", "relation": "displaces", "object": "us:note52"},
            {"subject": "us:s301", "relation": "max_of", "object": "us:s301"},
            {"subject": "us:s301", "relation": "stacks", "object": "us:note52"},
            {"subject": "us:s301", "relation": "stacks", "object": "us:s232"},
        ],
        valuation=[{"basis": "FOB"}],
        fees=[
            {"fee": "MPF", "base": "customs_value", "pct": "0.3464", "min": "33.58",
             "max": "651.50", "currency": "USD", "applies": "entry_type=formal", "payee": "CBP",
             "valid_to": "2026-09-30"},
            {"fee": "MPF", "base": "customs_value", "pct": "0.3464", "min": "34.58",
             "max": "670.86", "currency": "USD", "applies": "entry_type=formal", "payee": "CBP",
             "valid_from": "2026-10-01"},
            {"fee": "HMF", "base": "customs_value", "pct": "0.125", "currency": "USD",
             "applies": "mode=sea", "payee": "CBP"},
        ],
    )  # fmt: skip


def test_the_united_states() -> None:
    """A CIF invoice of 9,600 states freight by weight and insurance by value: 5,928 and 3,072."""
    ledger = ask(
        united_states(),
        line("6400", "7326908688", gross_weight_g=1_200_000),
        line("3200", "6109100012", gross_weight_g=300_000, line_id="L2"),
        freight=Decimal(540), insurance=Decimal(60), price_term=Incoterm.CIF, **SEA,
    )  # fmt: skip

    assert sorted(shown(ledger, "duty")) == [
        ("L1", "9903.05.31", "0.00", "displaced"),
        ("L1", "9903.82.02", "2964.00", "applied"),
        ("L1", "9903.88.03", "1482.00", "applied"),
        ("L1", "general", "171.91", "applied"),
        ("L2", "9903.05.31", "384.00", "applied"),
        ("L2", "9903.88.15", "230.40", "applied"),
        ("L2", "general", "506.88", "applied"),
    ]
    fees = {each.native_type: each for each in ledger.lines if each.kind == "fee"}
    assert fees["MPF"].amount == Decimal("34.58")
    assert fees["MPF"].allocations == {"L1": Decimal("22.78"), "L2": Decimal("11.80")}
    assert fees["HMF"].allocations == {"L1": Decimal("7.41"), "L2": Decimal("3.84")}
    assert (ledger.total("duty"), ledger.total("fee")) == (Decimal("5739.19"), Decimal("45.83"))
    assert charges(ledger) == Decimal("5785.02")
    assert ledger.lines[0].unrounded == Decimal("171.912")
    assert [each.because for each in ledger.lines if each.status == "displaced"] == [
        "displaced by 9903.82.02"
    ]
    assert ledger.status == "complete"
    assert ledger.warnings == ("9903.05.31 is charged and challenged in court",)


def europe(at: datetime) -> Rules:
    return law(
        "EU",
        at,
        commodities=codes("91011100", "61091000"),
        measures=[
            mfn("91011100", "4.50% MIN 0.30 EUR/item MAX 0.80 EUR/item"),
            mfn("61091000", "12.0%"),
        ],
        valuation=[{"basis": "CIF"}],
        taxes=[{"tax": "VAT", "base": "customs_value;duty;excise;first_destination_cost"}],
        tax_rates=[
            {"tax": "VAT", "tax_area": "NL", "class": "standard", "rate": "21%"},
            {"tax": "VAT", "tax_area": "FR", "class": "standard", "rate": "20%"},
        ],
        fx_rates=[{"series": "eu", "base": "EUR", "quote": "USD", "rate": "1.18", "period": "m"}],
        fx_rules=[{"purpose": "customs_value", "series": "eu"}],
        reliefs=[
            {"rule_key": "flat", "kind": "flat_per_item", "threshold": "150", "currency": "EUR",
             "comparator": "<=", "measured_on": "intrinsic_value", "conditions": "buyer=consumer",
             "relieves": "duty", "effect": "flat 3.00 EUR", "precedence": "10",
             "valid_from": "2026-07-01"},
            {"rule_key": "ioss", "kind": "scheme", "threshold": "150", "currency": "EUR",
             "comparator": "<=", "measured_on": "intrinsic_value", "conditions": "scheme=ioss",
             "relieves": "vat", "effect": "collected at sale", "precedence": "10"},
        ],
    )  # fmt: skip


def test_the_european_union() -> None:
    ledger = ask(
        europe(datetime(2021, 1, 20, 12, tzinfo=UTC)),
        line("9000", "91011100", quantity=400, gross_weight_g=60_000),
        line("3000", "61091000", gross_weight_g=240_000, line_id="L2"),
        freight=Decimal(900), insurance=Decimal(84), currency="USD", tax_area="NL",
        first_destination_cost=Decimal("177.00"), buyer_tax_number="NL1", **SEA,
    )  # fmt: skip

    assert shown(ledger) == [
        ("L1", "103", "320.00", "applied"),
        ("L2", "103", "380.44", "applied"),
        ("L1", "VAT", "1718.44", "applied"),
        ("L2", "VAT", "770.86", "applied"),
    ]
    assert charges(ledger) == Decimal("3189.74")
    assert str(ledger.lines[0].base).startswith("7833.0508")
    assert str(ledger.lines[3].unrounded).startswith("770.8637")
    assert all(each.recoverable for each in ledger.lines if each.kind == "tax")
    assert ledger.warnings == ()


def test_a_european_parcel_with_the_flat_duty_inside_and_outside_the_tax() -> None:
    parcel = {
        "freight": Decimal(10),
        "tax_area": "FR",
        "schemes": frozenset({"ioss"}),
    }
    rules = europe(datetime(2026, 7, 20, 12, tzinfo=UTC))
    goods = line("80", "61091000"), line("40", "91011100", line_id="L2")

    inside = ask(rules, *goods, **parcel)
    outside = ask(rules, *goods, **parcel, flat_duty_is_taxed=False)

    assert [str(each.amount) for each in inside.lines] == ["3.00", "3.00", "17.93", "9.27"]
    assert [str(each.amount) for each in outside.lines] == ["3.00", "3.00", "17.33", "8.67"]
    assert (charges(inside), charges(outside)) == (Decimal("33.20"), Decimal("32.00"))
    assert {each.due_at for each in inside.lines if each.kind == "tax"} == {"sale"}
    assert {each.collected_by for each in inside.lines if each.kind == "tax"} == {"seller"}


def britain() -> Rules:
    company = {"scope": "1516209821", "origin_area": "CA", "additional_code": "B999",
               "tags": "residual"}  # fmt: skip
    return law(
        "GB",
        datetime(2025, 4, 8, 11, tzinfo=UTC),
        commodities=codes("1516209821"),
        measures=[
            mfn("1516209821", "10.90 %"),
            mfn("1516209821", "0.00 %", measure_key="pref", kind="preference", native_type="142",
                origin_area="CA", programme="CETA"),
            {"measure_key": "ad:c490", "kind": "anti_dumping", "native_type": "552", **company,
             "expression": "0.00 %", "additional_code": "C490", "tags": ""},
            {"measure_key": "ad", "kind": "anti_dumping", "native_type": "552", **company,
             "expression": "144.10 GBP / 1000 kg/biodiesel"},
            {"measure_key": "cvd", "kind": "countervailing", "native_type": "554", **company,
             "expression": "198.33 GBP / 1000 kg/biodiesel"},
        ],
        valuation=[{"basis": "CIF"}],
        taxes=[{"tax": "VAT", "base": "customs_value;duty;excise"}],
        tax_rates=[{"tax": "VAT", "tax_area": "GB", "class": "standard", "rate": "20%"}],
    )  # fmt: skip


def test_britain_with_trade_defence_and_a_preference_not_claimed() -> None:
    biodiesel = line("2400", "1516209821", "CA", quantities={"KGM:biodiesel": Decimal(3000)})
    way = {"pre_carriage": Decimal(60), "freight": Decimal(340), "insurance": Decimal(20)}

    ledger = ask(britain(), biodiesel, **way, **SEA)

    assert shown(ledger) == [
        ("L1", "103", "307.38", "applied"),
        ("L1", "552", "432.30", "applied"),
        ("L1", "554", "594.99", "applied"),
        ("L1", "VAT", "830.93", "applied"),
    ]
    assert charges(ledger) == Decimal("2165.60")
    assert "additional_code_defaulted" in ledger.warnings
    (other,) = ledger.alternatives
    assert (other.option, other.line_total, other.saving) == (
        "preference", Decimal("1796.75"), Decimal("368.85")
    )  # fmt: skip
    assert other.needs == ("claim of CETA", "proof of origin")

    proven = replace(biodiesel, claims=(Claim("CETA", "statement on origin"),))
    preferred = ask(britain(), proven, **way, **SEA)
    assert charges(preferred) == Decimal("1796.75")
    assert [each[1] for each in shown(preferred, "duty")] == ["142", "552", "554"]

    named = ask(britain(), replace(biodiesel, additional_code="C490"), **way, **SEA)
    assert ("L1", "552", "0.00", "applied") in shown(named)


def test_australia_counts_transport_into_the_tax_and_not_into_the_duty() -> None:
    rules = law(
        "AU",
        datetime(2026, 5, 4, 2, tzinfo=UTC),
        commodities=codes("42022100"),
        measures=[
            mfn("42022100", "5%", native_type="General"),
            mfn("42022100", "Free", measure_key="chafta", kind="preference", origin_area="CN",
                native_type="ChAFTA", programme="ChAFTA", confidence="medium"),
        ],
        valuation=[{"basis": "FOB"}],
        taxes=[{"tax": "GST",
                "base": "customs_value;duty;international_transport;international_insurance"}],
        tax_rates=[{"tax": "GST", "tax_area": "AU", "class": "standard", "rate": "10%"}],
        reliefs=[{"rule_key": "low", "kind": "exempt", "threshold": "1000", "currency": "AUD",
                  "comparator": "<=", "measured_on": "customs_value", "relieves": "duty",
                  "effect": "exempt", "precedence": "1"}],
        fx_rates=[{"series": "au", "base": "AUD", "quote": "USD", "rate": "0.65", "period": "d"}],
        fx_rules=[{"purpose": "customs_value", "series": "au"}],
    )  # fmt: skip

    ledger = ask(rules, line("4000", "42022100"), freight=Decimal(400), currency="USD")

    assert [str(each.amount) for each in ledger.lines] == ["307.69", "707.69"]
    assert str(ledger.lines[1].base).startswith("7076.9230")
    assert charges(ledger) == Decimal("1015.38")
    assert ledger.alternatives[0].saving == Decimal("338.46")
