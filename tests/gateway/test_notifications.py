"""Who is written to, in which language and words, and who never."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.db import Database, now
from chassis.http import Problem
from chassis.migrate import migrate
from contracts.logistics import ShipmentMoved
from contracts.orders import OrderCompleted, OrderPlaced
from contracts.values import Money
from gateway import commands as identity
from gateway import queries
from gateway.adapters.mail import PostOffice, Sent
from gateway.app import SERVICE
from gateway.commands import buyers, notifications, notifying, webhooks
from gateway.commands.telling import claim_attempts, record_attempt
from gateway.domain.notifications import (
    Letter,
)
from gateway.domain.webhooks import Answer
from gateway.postman import postman
from gateway.schemas import NewMerchant
from gateway.schemas.buyers import ConsentGiven
from gateway.schemas.notifications import (
    ContactGiven,
    NotificationsAsked,
    OptOuts,
    TemplateGiven,
)
from gateway.schemas.webhooks import NewEndpoint
from tests.gateway.mailbox import Mailbox
from tests.gateway.shop import until
from tests.running import KEYS, RunningService, signed_in

MOVED, PLACED = ShipmentMoved.name, OrderPlaced.name
EUR = Money(amount="12.50", currency="EUR")


class Shop:
    """A merchant that writes to its buyers."""

    def __init__(self, gateway: RunningService) -> None:
        self.gateway = gateway
        new = NewMerchant(title="Teehaus", base_currency="EUR", languages=["de", "en"])
        self.tenant = gateway.does(identity.create_merchant, new).merchant_id
        gateway.said()

    def knows(self, subject: str, language: str = "de", audience: str = "buyer") -> None:
        given = ContactGiven(address=f"{subject}@example.org", language=language)
        self.gateway.does(notifications.keep_contact, self.tenant, audience, subject, given)

    def says(
        self, event_type: str, title: str, language: str = "de", audience: Any = "buyer"
    ) -> None:
        wording = TemplateGiven(
            event_type=event_type,
            audience=audience,
            language=language,
            title=title,
            text="$merchant",
        )
        self.gateway.does(notifications.keep_template, self.tenant, wording)

    def places(self, order_id: str, buyer_id: str = "anna", **more: Any) -> None:
        self.gateway.hears(
            OrderPlaced(
                tenant=self.tenant,
                order_id=order_id,
                buyer_id=buyer_id,
                market="m",
                destination="DE",
                lines=(),
                goods=EUR,
                total=EUR,
                quote_id="q",
                **more,
            )
        )

    def moves(self, order_id: str) -> None:
        self.gateway.hears(
            ShipmentMoved(
                tenant=self.tenant, shipment_id="shp_1", order_id=order_id, status="delivered"
            )
        )

    def letters(self) -> list[Letter]:
        return list(self.gateway.does(notifying.claim_letters, now(), 100))

    def log(self) -> list[Any]:
        """The oldest first."""
        asked = NotificationsAsked()
        page = self.gateway.reads(queries.notifications, self.tenant, asked)
        return list(reversed(page.data))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningService]:
    service = RunningService(SERVICE, tmp_path, smtp_url="smtp://127.0.0.1:1")
    yield service
    service.close()


@pytest.fixture
def shop(gateway: RunningService) -> Shop:
    return Shop(gateway)


@pytest.fixture
def shop_on_postgres(gateway: RunningService, postgres_url: str) -> Shop:
    migrate("gateway", postgres_url)
    gateway.db.close()
    gateway.db = Database(postgres_url, gateway.settings)
    return Shop(gateway)


def test_a_buyer_is_written_to_of_their_own_orders_and_what_moves_for_them(shop: Shop) -> None:
    shop.knows("anna")
    shop.knows("ben")
    shop.says(PLACED, "Bestellung $order_id: $total")
    shop.says(MOVED, "$order_id: $status")
    shop.places("ord_1", "anna")
    shop.places("ord_2", "ben")
    shop.moves("ord_1")

    assert [(each.to, each.title, each.text) for each in shop.letters()] == [
        ("anna@example.org", "Bestellung ord_1: 12.50 EUR", "Teehaus"),
        ("ben@example.org", "Bestellung ord_2: 12.50 EUR", "Teehaus"),
        ("anna@example.org", "ord_1: delivered", "Teehaus"),
    ]


def test_without_a_template_a_contact_or_a_known_order_nobody_is_written_to(shop: Shop) -> None:
    shop.places("ord_1")
    shop.knows("anna")
    shop.says(MOVED, "$status")
    shop.places("ord_2")
    shop.places("ord_3", imported=True)
    shop.says(PLACED, "neu")
    shop.places("ord_4", imported=True)
    for order in ("ord_1", "ord_3", "ord_4", "ord_unknown"):
        shop.moves(order)

    assert shop.log() == []


def test_a_fact_that_comes_before_its_order_is_told_once_the_order_is_heard_of(
    shop: Shop,
) -> None:
    shop.knows("anna")
    shop.says(MOVED, "$order_id: $status")
    for order in ("ord_1", "ord_1", "ord_2"):
        shop.moves(order)
    assert shop.letters() == []

    shop.places("ord_1")
    assert [each.title for each in shop.letters()] == ["ord_1: delivered"] * 2
    shop.moves("ord_1")
    assert [each.title for each in shop.letters()] == ["ord_1: delivered"]
    shop.places("ord_2", "somebody")
    assert shop.letters() == []


def test_each_is_written_to_in_the_language_they_read(shop: Shop) -> None:
    for subject, language in (("a", "de-CH"), ("b", "fr"), ("c", "en")):
        shop.knows(subject, language, "merchant")
    for language in ("de", "en"):
        shop.says(OrderCompleted.name, language, language, "merchant")
    shop.gateway.hears(OrderCompleted(tenant=shop.tenant, order_id="ord_1"))

    assert [(each.to[0], each.title) for each in shop.letters()] == [
        ("a", "de"), ("b", "de"), ("c", "en"),
    ]  # fmt: skip


def test_who_opted_out_by_the_link_is_never_written_to_again(shop: Shop) -> None:
    shop.knows("anna")
    shop.says(PLACED, "neu")
    shop.places("ord_1")
    (letter,) = shop.letters()
    with shop.gateway.client() as client:
        path = letter.unsubscribe.removeprefix(shop.gateway.settings.public_url)
        nobody = signed_in("anonymous")
        done = client.post(path, headers=nobody)
        forged = client.post(path[:-4] + "AAAA", headers=nobody)
    shop.knows("anna")  # the shop registers the address anew
    shop.places("ord_2")

    assert (done.status_code, forged.status_code) == (200, 404)
    assert [(each.state, each.reason) for each in shop.log()] == [
        ("queued", ""), ("suppressed", "opted out"),
    ]  # fmt: skip


def test_one_kind_may_be_refused_and_another_wanted(shop: Shop) -> None:
    shop.knows("anna")
    shop.says(PLACED, "neu")
    shop.says(MOVED, "$status")
    refused = OptOuts(event_types=[MOVED])
    shop.gateway.does(notifications.set_opt_outs, shop.tenant, "buyer", "anna", refused)
    shop.places("ord_1")
    shop.moves("ord_1")

    assert [each.state for each in shop.log()] == ["queued", "suppressed"]


def test_without_a_mail_server_the_log_says_so(shop: Shop) -> None:
    object.__setattr__(shop.gateway.settings, "smtp_url", "")
    shop.knows("anna")
    shop.says(PLACED, "neu")
    shop.places("ord_1")

    assert [each.reason for each in shop.log()] == ["no mail server is configured"]


def test_an_erased_buyer_is_in_no_table_and_gets_no_letter(shop: Shop) -> None:
    shop.knows("anna")
    shop.says(PLACED, "neu")
    shop.says(MOVED, "$status")
    shop.places("ord_1")
    claimed = shop.letters()
    shop.places("ord_2")
    shop.gateway.does(buyers.erase_buyer, shop.tenant, "anna")
    shop.moves("ord_1")
    shop.gateway.does(notifying.record_letter, claimed[0], Sent("later"), now())

    assert shop.gateway.does(notifying.claim_letters, now() + timedelta(days=2), 100) == []
    assert {(each.subject, each.state, each.reason) for each in shop.log()} == {
        ("erased", "failed", "erased")
    }
    with pytest.raises(Problem, match="no such contact"):
        shop.gateway.reads(queries.contact, KEYS, shop.tenant, "buyer", "anna")


def test_a_letter_that_does_not_go_is_tried_six_times_then_given_up(shop: Shop) -> None:
    shop.knows("anna")
    shop.says(PLACED, "neu")
    shop.places("ord_1")
    at, numbers = now(), set()
    for _ in range(6):
        (letter,) = shop.gateway.does(notifying.claim_letters, at, 10)
        numbers.add(letter.number)
        assert shop.gateway.does(notifying.claim_letters, at, 10) == []  # leased
        shop.gateway.does(notifying.record_letter, letter, Sent("later", "451 no"), at)
        at += timedelta(hours=8)
    (logged,) = shop.log()

    assert (logged.state, logged.attempts, logged.reason) == ("failed", 6, "451 no")
    assert len(numbers) == 1


def test_addresses_and_words_are_sealed_at_rest_and_words_kept_until_sent(shop: Shop) -> None:
    shop.knows("anna")
    shop.says(PLACED, "Geheimnis $order_id")
    shop.places("ord_1")
    database = Path(shop.gateway.settings.database_for("gateway").removeprefix("sqlite:///"))
    kept = b"".join(file.read_bytes() for file in database.parent.glob("gateway.db*"))
    assert b"anna@example.org" not in kept
    assert b"Geheimnis ord_1" not in kept

    (letter,) = shop.letters()
    shop.gateway.does(notifying.record_letter, letter, Sent("sent"), now())

    assert shop.gateway.does(notifying.claim_letters, now() + timedelta(days=1), 10) == []
    assert [each.state for each in shop.log()] == ["sent"]


def test_the_merchant_is_told_that_an_endpoint_was_disabled(shop: Shop) -> None:
    shop.knows("boss", audience="merchant")
    new = NewEndpoint(url="https://shop.example/hooks")
    made = shop.gateway.does(webhooks.create_endpoint, shop.tenant, new)
    shop.gateway.hears(OrderCompleted(tenant=shop.tenant, order_id="ord_1"))
    at = now() + timedelta(seconds=1)
    (attempt,) = shop.gateway.does(claim_attempts, at, 1)
    shop.gateway.does(record_attempt, attempt, Answer("refused", 410), at, 0.0)

    (letter,) = shop.letters()
    assert letter.title == "Ein Webhook-Endpunkt wurde abgeschaltet"
    assert made.endpoint_id in letter.text
    assert "410" in letter.text


@pytest.mark.parametrize(
    ("event_type", "title", "code"),
    [
        (PLACED, "$nowhere", "unknown-field"),
        (PLACED, "100 $ off", "bad-placeholder"),
        ("orders.order-confirmed.v1", "x", "unknown"),
        ("orders.nothing.v1", "x", "unknown"),
    ],
)
def test_a_template_that_could_not_be_filled_is_refused(
    shop: Shop, event_type: str, title: str, code: str
) -> None:
    with pytest.raises(Problem) as refused:
        shop.says(event_type, title)
    assert [error.code for error in refused.value.errors] == [code]


def test_the_postman_carries_what_is_due_and_comes_back_for_the_rest(shop: Shop) -> None:
    shop.knows("anna")
    shop.knows("gone")
    shop.says(PLACED, "$order_id")
    ahead = timedelta()

    def are(*wanted: tuple[str, int]) -> Callable[[], bool]:
        return lambda: [(each.state, each.attempts) for each in shop.log()] == list(wanted)

    async def run(mailbox: Mailbox) -> None:
        nonlocal ahead
        office = PostOffice(mailbox.url, "shop@hansa.example")
        async with postman(shop.gateway.db, office, lambda: now() + ahead):
            mailbox.is_busy = True
            await asyncio.to_thread(shop.places, "ord_1", "anna")
            await asyncio.to_thread(shop.places, "ord_2", "gone")
            await asyncio.to_thread(until, are(("queued", 1), ("failed", 1)))
            await asyncio.to_thread(until, lambda: "451" in shop.log()[0].reason)
            mailbox.is_busy = False
            ahead = timedelta(minutes=2)
            await asyncio.to_thread(until, are(("sent", 2), ("failed", 1)))

    with Mailbox() as mailbox:
        asyncio.run(run(mailbox))
    assert [each["Subject"] for each in mailbox.letters] == ["ord_1"]


def test_by_the_routes_a_merchant_sets_down_contacts_and_words(gateway: RunningService) -> None:
    wording = {
        "event_type": PLACED,
        "audience": "buyer",
        "language": "en",
        "title": "Order $order_id",
        "text": "Thanks",
    }
    with gateway.client() as client:
        me, other = signed_in(), signed_in(tenant="mer_" + "2" * 32)
        where = "/v1/notifications/contacts/buyer/anna"
        put = client.put(where, json={"address": "anna@example.org"}, headers=me)
        shown, hidden = client.get(where, headers=me), client.get(where, headers=other)
        bad = client.put(where, json={"address": "a@b\r\nBcc: c@d"}, headers=me)
        kept = client.put("/v1/notifications/templates", json=wording, headers=me)
        mine = client.get("/v1/notifications/templates", headers=me).json()["data"]
        theirs = client.get("/v1/notifications/templates", headers=other).json()["data"]
        named = {name: wording[name] for name in ("event_type", "audience", "language")}
        left = client.delete("/v1/notifications/templates", params=named, headers=me).json()
        gone = client.delete(where, headers=me)

    assert (put.status_code, kept.status_code, gone.status_code) == (200, 200, 200)
    assert shown.json()["address"] == "anna@example.org"
    assert (hidden.status_code, bad.status_code) == (404, 422)
    assert (mine, theirs, left["data"]) == ([wording], [], [])
    assert json.loads(put.text)["opted_out"] == []


@pytest.mark.xdist_group("full")
def test_on_postgres_a_letter_goes_its_whole_way(shop_on_postgres: Shop) -> None:
    shop = shop_on_postgres
    shop.knows("anna")
    shop.says(MOVED, "$order_id: $status")
    shop.moves("ord_1")
    shop.places("ord_1")
    (letter,) = shop.letters()
    assert shop.letters() == []
    shop.gateway.does(notifying.record_letter, letter, Sent("sent"), now())
    agreed = ConsentGiven(purposes=["marketing"])
    shop.gateway.does(buyers.give_consent, shop.tenant, "anna", agreed)
    shop.gateway.does(buyers.erase_buyer, shop.tenant, "anna")
    shop.gateway.does(notifying.prune_notifications, now())

    assert [each.name for each in shop.gateway.said()] == [
        "gateway.consent-changed.v1", "gateway.consent-changed.v1", "gateway.buyer-erased.v1",
    ]  # fmt: skip
    assert [(each.subject, each.state) for each in shop.log()] == [("erased", "sent")]
    shop.gateway.does(notifying.prune_notifications, now() + timedelta(days=91))
    assert shop.log() == []
