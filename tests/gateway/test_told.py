"""From what a merchant does at the door to what its webhook and its mailbox get."""

from pathlib import Path

from starlette.testclient import TestClient

from onebox.app import OneBox, migrate_all
from onebox.development import keys_of
from tests.gateway.mailbox import Mailbox
from tests.gateway.shop import Shop, until
from tests.running import settings_in

PRODUCT = "catalog.product-changed.v1"


def test_a_product_that_changes_is_told_by_webhook_and_by_mail(tmp_path: Path) -> None:
    with Shop() as shop, Mailbox() as mailbox:
        settings = settings_in(
            tmp_path,
            requests_per_second=1_000_000,
            webhook_networks=("127.0.0.0/8",),
            smtp_url=mailbox.url,
        )
        migrate_all(settings)
        keys = keys_of(tmp_path, settings, "http://testserver")
        with TestClient(OneBox(settings)) as client:
            client.headers["Authorization"] = f"Bearer {keys['secret']}"
            endpoint = {"url": f"{shop.url}/ok", "event_types": [PRODUCT]}
            assert client.post("/v1/webhook-endpoints", json=endpoint).status_code == 201
            contact = {"address": "boss@example.org", "language": "en"}
            assert client.put("/v1/notifications/contacts/merchant/boss", json=contact).is_success
            wording = {
                "event_type": PRODUCT,
                "audience": "merchant",
                "language": "en",
                "title": "A product is $status",
                "text": "$product_id\n",
            }
            assert client.put("/v1/notifications/templates", json=wording).is_success
            tea = {"sku": "TEA", "title": "Tea", "hs_code": "090230", "origin": "IN"}
            new = {"handle": "tea", "title": "Tea", "kind": "goods", "variants": [tea]}
            made = client.post("/v1/products", json=new)
            assert made.status_code == 201, made.text

            until(lambda: bool(shop.got) and bool(mailbox.letters))
            until(
                lambda: (
                    client.get("/v1/notifications?state=sent").json()["data"] != []
                    and client.get("/v1/webhook-deliveries?state=delivered").json()["data"] != []
                )
            )
            letter = mailbox.letters[0]
            way_out = str(letter["List-Unsubscribe"]).strip("<>")
            del client.headers["Authorization"]
            opted_out = client.post(way_out.removeprefix(settings.public_url))

    product_id = made.json()["product_id"]
    assert f'"product_id":"{product_id}"'.encode() in shop.got[0].body
    assert letter["Subject"] == "A product is draft"
    assert letter.get_content().strip() == product_id
    assert opted_out.status_code == 200
