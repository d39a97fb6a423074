"""A stored quote calculated again: the same at its own times, whatever was learned since."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from chassis.db import now
from contracts.catalog import ProductChanged, Variant
from contracts.values import canonical
from tests.logistics.test_tariff_quotes import CODES, body, import_law, law, quoted, selling
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, signed_in


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = selling(tmp_path_factory.mktemp("replay"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[TestClient]:
    with service.client() as found:
        yield found


def replayed(client: TestClient, quote: Any, status: int = 200, **times: datetime) -> Any:
    where = f"/v1/landed-cost-quotes/{quote['quote_id']}/replay"
    asked = {name: at.isoformat() for name, at in times.items()}
    answer = client.get(where, params=asked, headers=signed_in())
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_quote_is_the_same_after_three_revisions_and_a_changed_product(
    service: RunningService, client: TestClient
) -> None:
    claimed = {"claims": [{"programme": "KR", "proof": "U116"}], "additions": "3.333333"}
    asked = [
        body("SHIRT", {}),
        body("SHIRT", claimed, price_term="CIF", insurance="1.25"),
        body("WATCH", {}),  # incomplete, with a gap
        body("EGG", {"quantities": {"KGM:drained": "1.5"}}),  # blocked
    ]
    asked[2]["lines"].insert(0, {"sku": "SONG", "quantity": 1})
    quotes = [quoted(client, each) for each in asked]
    first = now()

    for rate in ("10%", "9%", "8% + 1.00 GBP / item"):
        files = law()
        old, new = ",12%,,2021", f",{rate},,2021"
        assert old in files["measures.csv"]
        import_law(service, files | {"measures.csv": files["measures.csv"].replace(old, new)})
    heavier = tuple(
        Variant(
            sku=sku, title="Other", hs_extensions={"GB": code}, origin="JP", weight_g=1900,
            length_mm=100, width_mm=100, height_mm=100,
        )
        for sku, code in CODES.items()
    )  # fmt: skip
    service.hears(
        ProductChanged(
            tenant=MERCHANT, sequence=2, product_id="prd_9", kind="goods", title="x",
            status="published", variants=heavier,
        )
    )  # fmt: skip

    for quote in quotes:
        at_its_own = replayed(client, quote)
        kept = {name: quote["ledger"][name] for name in at_its_own["ledger"]}
        assert canonical(at_its_own["ledger"]) == canonical(kept)
        assert (at_its_own["is_same"], at_its_own["differences"]) == (True, [])
    learned = replayed(client, quotes[0], known_at=now())
    assert not learned["is_same"]
    changed = {each["measure_key"]: each for each in learned["differences"]}
    assert (changed["shirt"]["then"], changed["shirt"]["now"]) == ("25.20", "17.80")
    assert changed.keys() == {"shirt", "VAT:GB:standard"}
    assert replayed(client, quotes[0], known_at=first)["is_same"]


def test_another_day_has_another_law_and_before_all_batches_nothing_was_known(
    client: TestClient,
) -> None:
    quote = quoted(client, body("WINE", {"abv_pct": "12", "quantities": {"LTR": "10"}}))

    before = replayed(client, quote, valid_at=datetime(2020, 6, 1, tzinfo=UTC))

    assert before["ledger"]["status"] == "incomplete"
    assert {each["now"] for each in before["differences"]} == {None}
    refused = replayed(client, quote, 422, known_at=now() - timedelta(days=1))
    assert refused["errors"][0]["pointer"] == "known_at"


def test_a_quote_of_another_merchant_is_not_there(client: TestClient) -> None:
    quote = quoted(client, body("WINE", {}))
    where = f"/v1/landed-cost-quotes/{quote['quote_id']}/replay"

    assert client.get(where, headers=signed_in(tenant=OTHER_MERCHANT)).status_code == 404
    assert client.get(where, headers=signed_in("storefront")).status_code == 403
    assert client.get(where, headers=signed_in()).json()["is_same"]
