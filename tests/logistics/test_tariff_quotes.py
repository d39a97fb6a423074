"""What a merchant declares of its goods reaches the calculation; a shop's public key may not."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from chassis.db import now
from contracts.catalog import ListingChanged, MarketChanged, ProductChanged, Variant
from contracts.values import Incoterm, Money
from services.logistics.commands.calculating import request_of
from services.logistics.commands.drafts import draft_of
from services.logistics.commands.tariff import record_import
from services.logistics.domain.tariff.hansa_csv import read
from services.logistics.jobs.tariff import keep_a_quote_key
from services.logistics.schemas.tariff import NewQuote, QuoteLine
from tests.logistics.carrying import carrying
from tests.logistics.test_tariff import SAMPLE
from tests.running import MERCHANT, RunningService, signed_in

WHERE = "/v1/landed-cost-quotes"
CODES = {"SHIRT": "7703000000", "WATCH": "7701000000", "WINE": "7702000000", "EGG": "7704000000"}
MEASURES = [  # key, kind, native type, scope, programme, additional code, tags, expression
    ("shirt", "mfn", "103", "7703", "", "", "", "12%"),
    ("shirt:kr", "preference", "142", "7703", "KR", "", "", "0%"),
    ("shirt:end", "mfn_end_use", "105", "7703", "", "", "", "5%"),
    ("shirt:ad:own", "anti_dumping", "552", "7703", "", "A111", "", "10%"),
    ("shirt:ad:rest", "anti_dumping", "552", "7703", "", "B999", "residual", "40%"),
    ("watch", "mfn", "103", "7701", "", "", "", "6% on the case"),
    ("wine", "mfn", "103", "7702", "", "", "", "1.00 GBP / % vol/hl"),
    ("egg", "mfn", "103", "7704", "", "", "", "2.00 GBP / kg on drained weight"),
    ("egg:ban", "prohibition", "277", "7704", "", "", "", ""),
]


def law() -> dict[str, str]:
    """The sample's, with goods made up: one for each thing that can be declared."""
    files = {path.name: path.read_text("utf-8") for path in sorted(SAMPLE.glob("*.csv"))}
    cited = {"valid_from": "2021-01-01", "source": "a test", "confidence": "high"}
    names = "measure_key kind native_type scope programme additional_code tags expression".split()
    added: dict[str, list[dict[str, str]]] = {
        "commodities": [{"code": code, "declarable": "true"} for code in CODES.values()],
        "measures": [dict(zip(names, each, strict=True)) for each in MEASURES],
        "conditions": [
            {"measure_key": "egg:ban", "group": "B", "seq": "1", "requires": "document:C990",
             "action": "allow"},
            {"measure_key": "egg:ban", "group": "B", "seq": "2", "action": "refuse"},
            {"measure_key": "shirt:end", "group": "B", "seq": "1", "requires": "end_use:uniforms",
             "action": "apply"},
        ],
        "fees": [{"fee": "PORT", "flat": "7", "currency": "GBP", "per": "entry", "applies":
                  "mode=sea", "taxable": "false", "payee": "port"}],
    }  # fmt: skip
    for table, rows in added.items():
        name = f"{table}.csv"
        header = files.get(name, _HEADERS.get(table, "")).splitlines()[0]
        lines = [files.get(name, header).rstrip("\n")]
        for row in rows:
            values = {"jurisdiction": "GB", **cited, **row}
            lines.append(",".join(values.get(column, "") for column in header.split(",")))
        files[name] = "\n".join(lines) + "\n"
    return files


_HEADERS = {
    "conditions": "jurisdiction,measure_key,group,seq,requires,operator,amount,unit,currency,"
    "action,expression,valid_from,valid_to,source,legal_ref,confidence"
}


def import_law(service: RunningService, files: dict[str, str]) -> None:
    """As the job does; other bytes are another batch."""
    parsed = read(files)
    assert parsed.errors == []
    rows = [asdict(row) for row in parsed.rows]
    named = hashlib.sha256(repr(files).encode()).hexdigest()
    result = {"rows": rows, "errors": [], "wrong": 0, "unparsed": {}, "sha256": named}
    service.does(record_import, None, result)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = selling(tmp_path_factory.mktemp("quotes"))
    yield running
    running.close()


def selling(folder: Path) -> RunningService:
    running = carrying(folder)
    import_law(running, law())
    running.does(keep_a_quote_key, now())
    variants = tuple(
        Variant(sku=sku, title=sku, hs_code=code[:6], hs_extensions={"GB": code}, origin="KR",
                weight_g=1000, length_mm=100, width_mm=100, height_mm=100)
        for sku, code in CODES.items()
    )  # fmt: skip
    song = Variant(sku="SONG", title="Song")
    known: dict[str, Any] = {"tenant": MERCHANT, "sequence": 1, "status": "published"}
    running.hears(
        ProductChanged(product_id="prd_9", kind="goods", title="x", variants=variants, **known),
        ProductChanged(product_id="prd_8", kind="digital", title="y", variants=(song,), **known),
        MarketChanged(
            tenant=MERCHANT, sequence=1, market_id="mkt_gb", code="GB", countries=("GB",),
            currency="GBP", language="en", incoterm=Incoterm.DDP, price_includes_tax=False,
            payment_methods=(), rounding="none", zone="Europe/London",
        ),
        *(
            ListingChanged(
                tenant=MERCHANT, sequence=1, listing_id=f"lst_{sku}", product_id="prd_9", sku=sku,
                market="GB", title=sku, prices=(Money.of(20_000, "GBP"),), available=True,
            )
            for sku in [*CODES, "SONG"]
        ),
    )  # fmt: skip
    return running


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[TestClient]:
    with service.client() as found:
        yield found


def body(sku: str, line: dict[str, Any], **declared: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": 1, **line}]
    known = {"destination": {"country": "GB"}, "buyer": "business", "freight": "10"}
    return {**known, **declared, "lines": lines}


def quoted(client: TestClient, asked: dict[str, Any]) -> Any:
    answer = client.post(WHERE, json=asked, headers=signed_in())
    assert answer.status_code == 201, answer.text
    return answer.json()


def amounts(quote: Any) -> tuple[str, ...]:
    totals = quote["totals"]
    return tuple(totals[name]["amount"] for name in ("duties", "taxes", "fees", "insurance"))


CLAIM = {"claims": [{"programme": "KR", "proof": "U116"}]}


@pytest.mark.parametrize(
    ("line", "declared", "expected"),
    [  # 200 GBP and 10 of freight: 12 % and 40 % of 210, VAT of 20 %
        ({}, {}, ("109.20", "63.84", "0.00", "0.00")),
        (CLAIM, {}, ("84.00", "58.80", "0.00", "0.00")),
        ({"claims": [{"programme": "KR"}]}, {}, ("109.20", "63.84", "0.00", "0.00")),
        ({"preferential_origin": "JP"}, {}, ("109.20", "63.84", "0.00", "0.00")),
        ({"end_uses": ["uniforms"]}, {}, ("94.50", "60.90", "0.00", "0.00")),
        ({"additional_code": "A111"}, {}, ("46.20", "51.24", "0.00", "0.00")),
        ({"additions": "10"}, {}, ("114.40", "66.88", "0.00", "0.00")),
        ({"deductions": "10"}, {}, ("104.00", "60.80", "0.00", "0.00")),
        ({}, {"insurance": "5"}, ("111.80", "65.36", "0.00", "5.00")),
        ({}, {"pre_carriage": "10"}, ("114.40", "66.88", "0.00", "0.00")),
        ({}, {"first_destination_cost": "10"}, ("109.20", "65.84", "0.00", "0.00")),
        ({}, {"mode": "sea"}, ("109.20", "63.84", "7.00", "0.00")),
        ({}, {"price_term": "DAP"}, ("104.00", "60.80", "0.00", "0.00")),
        (
            {},
            {"price_term": "DAP", "post_border_cost": "20"},
            ("93.60", "54.72", "0.00", "0.00"),
        ),
    ],
)
def test_what_is_declared_is_charged_by(
    client: TestClient, line: dict[str, Any], declared: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert amounts(quoted(client, body("SHIRT", line, **declared))) == expected


@pytest.mark.parametrize(
    ("sku", "line", "duty", "pointer"),
    [  # what a rate needs: unknown without, exact with
        ("WATCH", {"components": {"component:case": "50"}}, "3.00", "components/component:case"),
        ("WINE", {"abv_pct": "12.5", "quantities": {"LTR": "40"}}, "5.00", "abv_pct"),
        ("EGG", {"quantities": {"KGM:drained": "1.5"}, "documents": ["C990"]}, "3.00",
         "quantities/KGM:drained"),
    ],
)  # fmt: skip
def test_what_a_rate_asks_for_can_be_given(
    client: TestClient, sku: str, line: dict[str, Any], duty: str, pointer: str
) -> None:
    lacking = quoted(client, body(sku, {}))
    given = quoted(client, body(sku, line))

    assert f"/lines/0/{pointer}" in {gap["pointer"] for gap in lacking["gaps"]}
    assert (lacking["token"], lacking["totals"]) == (None, None)
    assert amounts(given)[0] == duty


def test_what_may_not_be_sent_gets_no_token_even_where_every_charge_is_known(
    client: TestClient,
) -> None:
    weighed = {"quantities": {"KGM:drained": "1.5"}}
    blocked = quoted(client, body("EGG", weighed))
    allowed = quoted(client, body("EGG", {**weighed, "documents": ["C990"]}))

    assert (blocked["status"], blocked["token"]) == ("blocked", None)
    assert blocked["ledger"]["compliance"][0]["any_of"] == [["document:C990"]]
    assert allowed["status"] == "complete"
    assert allowed["token"]


def test_a_price_that_contains_the_way_is_not_charged_for_it_twice(client: TestClient) -> None:
    apart = quoted(client, body("SHIRT", {}))["totals"]
    inside = quoted(client, body("SHIRT", {}, price_term="DAP"))["totals"]

    assert Decimal(apart["shipping"]["amount"]) > 0
    assert inside["shipping"]["amount"] == "0.00"
    parts = ("goods", "shipping", "insurance", "duties", "taxes", "fees")
    for totals in (apart, inside):
        whole = sum(Decimal(totals[part]["amount"]) for part in parts)
        assert Decimal(totals["grand_total"]["amount"]) == whole


def test_a_gap_names_the_line_that_was_asked_not_the_goods_counted(client: TestClient) -> None:
    asked = body("WATCH", {})
    asked["lines"].insert(0, {"sku": "SONG", "quantity": 1})

    pointers = {gap["pointer"] for gap in quoted(client, asked)["gaps"]}

    assert "/lines/1/components/component:case" in pointers
    assert not any(pointer.startswith("/lines/0/components") for pointer in pointers)


def requoted(client: TestClient, quote: Any, kind: str = "merchant", **change: Any) -> Any:
    return client.post(
        f"{WHERE}/{quote['quote_id']}/requotes", json=change, headers=signed_in(kind)
    )


def test_a_requote_changes_what_it_names_keeps_the_rest_and_leaves_the_old_one(
    client: TestClient,
) -> None:
    first = quoted(client, body("SHIRT", {"additional_code": "A111"}, insurance="5"))

    claimed = requoted(client, first, claims={"l0": CLAIM["claims"]}).json()
    moved = requoted(client, claimed, destination={"country": "GB", "postcode": "EC1A"}).json()
    nowhere = requoted(client, first, destination={"country": "US"})

    assert amounts(first) == ("47.30", "52.46", "0.00", "5.00")
    assert amounts(claimed) == ("21.50", "47.30", "0.00", "5.00")
    assert (moved["destination"]["postcode"], amounts(moved)) == ("EC1A", amounts(claimed))
    assert moved["token"]
    assert nowhere.json()["errors"][0]["pointer"] == "/destination/country"
    assert requoted(client, first, claims={"l1": []}).status_code == 422
    assert requoted(client, first, incoterm="DAP").status_code == 422
    again = client.get(f"{WHERE}/{first['quote_id']}", headers=signed_in()).json()
    assert again == first


def test_a_shop_may_requote_its_own_basket_but_not_what_a_merchant_declared(
    client: TestClient,
) -> None:
    plain = {"destination": {"country": "GB"}, "lines": [{"sku": "SHIRT", "quantity": 1}]}
    shops = client.post(WHERE, json=plain, headers=signed_in("storefront")).json()
    merchants = quoted(client, body("SHIRT", {}))
    place = {"country": "GB", "postcode": "EC1A"}

    assert requoted(client, shops, "storefront", destination=place).status_code == 201
    assert requoted(client, merchants, "storefront", destination=place).status_code == 403
    assert requoted(client, shops, "storefront", claims={"l0": []}).status_code == 403


SAID: dict[str, Any] = {
    "price_term": "CIF", "freight": "11", "insurance": "0", "pre_carriage": "1",
    "post_border_cost": "1", "first_destination_cost": "1", "schemes": ["ioss"],
    "schemes_without_number": ["ioss"], "mode": "air", "channel": "postal",
    "entry_type": "formal", "is_at_risk": False,
}  # fmt: skip
SAID_OF_A_LINE: dict[str, Any] = {
    "net_weight_g": 900, "gross_weight_g": 1100, "abv_pct": "5", "quantities": {"NPR": "2"},
    "components": {"retail_price": "9"}, "preferential_origin": "JP", "documents": ["C990"],
    "claims": [{"order_number": "050123"}], "end_uses": ["x"], "additional_code": "A111",
    "tax_class": "reduced", "is_gift": True, "additions": "1", "deductions": "1",
}  # fmt: skip


def test_every_declaration_changes_what_the_engine_is_asked_and_no_shop_may_make_it(
    service: RunningService, client: TestClient
) -> None:
    of_any_shop = {
        "destination", "lines", "market", "incoterm", "buyer", "buyer_tax_number", "shipping",
        "offers",
    }  # fmt: skip
    assert SAID.keys() == NewQuote.model_fields.keys() - of_any_shop
    assert SAID_OF_A_LINE.keys() == QuoteLine.model_fields.keys() - {"sku", "quantity"}
    plain = {"destination": {"country": "GB"}, "lines": [{"sku": "SHIRT", "quantity": 1}]}
    asked_by_none = _asked(service, plain)
    declared = {f"/{name}": {**plain, name: value} for name, value in SAID.items()}
    for name, value in SAID_OF_A_LINE.items():
        lines = [{"sku": "SHIRT", "quantity": 1, name: value}]
        declared[f"/lines/0/{name}"] = {**plain, "lines": lines}

    for pointer, asked in declared.items():
        assert _asked(service, asked) != asked_by_none, pointer
        refused = client.post(WHERE, json=asked, headers=signed_in("storefront"))
        assert refused.status_code == 403, pointer
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    assert client.post(WHERE, json=plain, headers=signed_in("storefront")).status_code == 201


def _asked(service: RunningService, asked: dict[str, Any]) -> Any:
    def request(session: Session) -> Any:
        draft = draft_of(session, MERCHANT, NewQuote.model_validate(asked))
        return request_of(draft, "DE", Decimal(10))

    found = service.reads(request)
    return {**asdict(found), "rate_date": None}
