"""The look-up and its pages, over the sample's tariffs: by REST, and as a person sees it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from onebox.app import OneBox
from services.logistics import pages
from tests.browser import DESKTOP, PHONE, browser, faults_of, fits, page_of, shot
from tests.gateway.upstream import serving
from tests.onebox.box import load_sample, running
from tests.running import settings_in

TEA = {"from": "JP", "to": "US", "code": "0902109050", "value": "15.95", "currency": "USD"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duty")


@pytest.fixture(scope="module")
def box(folder: Path) -> Iterator[tuple[TestClient, dict[str, str]]]:
    with running(folder) as (client, keys):
        load_sample(client, keys)
        yield client, keys


def asked(box: tuple[TestClient, dict[str, str]], **changed: str) -> Any:
    return box[0].get("/v1/tariffs/duty", params=TEA | changed)


def test_one_line_in_the_whole_ledger_out(box: tuple[TestClient, dict[str, str]]) -> None:
    found = asked(box).json()

    assert found["status"] == "complete"
    lines = found["ledger"]["lines"]
    assert Decimal(found["charges"]["amount"]) == sum(Decimal(line["amount"]) for line in lines)
    assert all(line["legal_ref"] or line["source"] for line in lines)


def test_a_value_in_another_currency_is_converted_as_the_law_does(
    box: tuple[TestClient, dict[str, str]],
) -> None:
    dollars, euros = asked(box).json(), asked(box, currency="EUR").json()

    assert euros["goods"]["currency"] == "USD"
    assert euros["goods"]["amount"] != dollars["goods"]["amount"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"to": "BR"}, "to"),
        ({"to": "XX"}, "to"),
        ({"code": "9"}, "code"),
        ({"value": "-1"}, "value"),
        ({"value": "1e9"}, "value"),
        ({"currency": "KWD"}, "currency"),
        ({"when": "now"}, "when"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(
    box: tuple[TestClient, dict[str, str]], changed: dict[str, str], pointer: str
) -> None:
    refused = asked(box, **changed)

    assert refused.status_code == 422, refused.text
    assert pointer in refused.json()["errors"][0]["pointer"]
    page = box[0].get("/v1/tariffs", params=TEA | changed)
    assert page.status_code == 422
    assert 'class="fault"' in page.text or pointer == "when"


def test_a_code_that_is_not_loaded_is_not_known_and_never_free(
    box: tuple[TestClient, dict[str, str]],
) -> None:
    found = asked(box, code="9999999999").json()

    assert (found["status"], found["charges"]) == ("incomplete", None)


def test_a_line_is_found_by_words_and_by_the_beginning_of_its_code(
    box: tuple[TestClient, dict[str, str]],
) -> None:
    where = "/v1/tariffs/US/commodities"
    by_words = box[0].get(where, params={"q": "green TEA organic"}).json()["data"]
    by_code = box[0].get(where, params={"q": "0902.10"}).json()["data"]
    nothing = box[0].get(where, params={"q": "100%_"}).json()["data"]

    assert "0902109050" in [each["code"] for each in by_words]
    assert by_words[-1]["path"]
    assert {each["code"] for each in by_words} <= {each["code"] for each in by_code}
    assert nothing == []


def test_what_is_typed_is_text(box: tuple[TestClient, dict[str, str]]) -> None:
    page = box[0].get("/v1/tariffs", params=TEA | {"value": '"><script>alert(1)</script>'})

    assert "<script" not in page.text
    assert page.headers["content-security-policy"] == pages.HEADERS["Content-Security-Policy"]


@pytest.mark.xdist_group("browser")
def test_a_person_looks_up_a_duty_and_reads_a_quote(
    folder: Path, box: tuple[TestClient, dict[str, str]], tmp_path: Path
) -> None:
    client, keys = box
    shop = {"Authorization": f"Bearer {keys['publishable']}"}
    lines = [{"sku": "TEA-SENCHA-100", "quantity": 2}, {"sku": "KNF-STEAK", "quantity": 1}]
    body = {"destination": {"country": "US"}, "lines": lines}
    quote = client.post("/v1/landed-cost-quotes", json=body, headers=shop).json()
    explained = f"/v1/landed-cost-quotes/{quote['quote_id']}/explain"
    with serving(OneBox(settings_in(folder))) as url, browser() as chromium:
        for size in (PHONE, DESKTOP):
            with page_of(chromium, size) as page:
                page.goto(f"{url}/v1/tariffs")
                assert (faults_of(page), fits(page)) == ([], True)
                page.get_by_label("Commodity code").fill("0902109050")
                page.get_by_label("Sent from").select_option("JP")
                page.get_by_label("Sent to").select_option("US")
                page.get_by_label("Value of the goods").fill("15.95")
                page.get_by_label("Currency").select_option("USD")
                page.get_by_role("button").press("Enter")
                page.get_by_role("region", name="Answer").wait_for()
                assert (faults_of(page), fits(page)) == ([], True)
                shot(page, tmp_path, f"duty-{size[0]}")
            with page_of(chromium, size, shop) as page:
                page.goto(url + explained)
                assert (faults_of(page), fits(page)) == ([], True)
                shot(page, tmp_path, f"quote-{size[0]}")
                page.pdf(path=tmp_path / f"quote-{size[0]}.pdf", prefer_css_page_size=True)
