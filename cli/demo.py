"""The main job, played through the gateway as a storefront, a merchant and a carrier would."""

import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from cli import quality, segments
from cli.client import Client, Refused
from cli.waiting import Stuck, until
from services.logistics.adapters.tracking.standard_webhooks import sign

BASKET = [{"sku": "TEA-SENCHA-100", "quantity": 2}, {"sku": "KNF-STEAK", "quantity": 1}]


def play(screen: Console, keys: dict[str, str]) -> dict[str, Any]:
    """Each step prints what it did, with real figures. Returns the order at its end."""
    shop = Client(keys["url"], keys["publishable"])
    merchant = Client(keys["url"], keys["secret"])
    screen.rule("the main job")
    quote = _quote(screen, shop)
    order = _order(screen, shop, quote)
    shipment = _booked(screen, merchant, order["order_id"])
    _follow(screen, merchant, shipment)
    order_id = order["order_id"]
    delivered: dict[str, Any] = until(
        lambda: merchant.get(f"/orders/{order_id}"),
        lambda found: found["status"] == "delivered",
        "the order was not delivered",
    )
    _tell_history(screen, delivered)
    quality.carry_late(screen, merchant, shipment)
    screen.print("[bold]7 the next order[/]: who carries it now")
    _booked(screen, merchant, _order(screen, shop, _quote_again(shop))["order_id"])
    segments.segment(screen, merchant)
    _use_offer(screen, merchant, shop)
    shop.close()
    merchant.close()
    return delivered


def _quote(screen: Console, shop: Client) -> dict[str, Any]:
    quote: dict[str, Any] = shop.post(
        "/landed-cost-quotes", {"destination": {"country": "US"}, "lines": BASKET}
    )
    where = f"to {quote['destination']['country']}, {quote['incoterm']}"
    screen.print(f"[bold]1 quote[/] {quote['quote_id']}: {where}")
    table = Table("what", "base", "rate", "amount", "why", box=None, padding=(0, 2))
    for line in quote["ledger"]["lines"]:
        amount = line["amount"] if line["amount"] is not None else "unknown"
        table.add_row(
            line["kind"], str(line.get("base") or ""), line.get("expression_text") or "",
            str(amount), line.get("explanation") or line.get("legal_ref") or "",
        )  # fmt: skip
    screen.print(table)
    totals = quote["totals"]
    screen.print("  " + ", ".join(f"{name} {_money(value)}" for name, value in totals.items()))
    if quote["token"] is None:
        raise Stuck(f"the quote is {quote['status']}: {quote.get('gaps')}")
    return quote


def _quote_again(shop: Client, **changed: Any) -> dict[str, Any]:
    asked = {"destination": {"country": "US"}, "lines": BASKET} | changed
    quote: dict[str, Any] = shop.post("/landed-cost-quotes", asked)
    return quote


def _use_offer(screen: Console, merchant: Client, shop: Client) -> None:
    given = segments.offer(screen, merchant, shop)
    quote = _quote_again(shop, offers=[given["token"]])
    screen.print(f"  quoted with it: {_money(quote['totals']['discounts'])} less before duty")
    _order(screen, shop, quote, given)
    segments.tell_result(screen, merchant, given["offer_id"])


def _order(
    screen: Console, shop: Client, quote: dict[str, Any], given: dict[str, Any] | None = None
) -> dict[str, Any]:
    """`given` is an offer: passed with the quote, it is passed with the order."""
    order: dict[str, Any] = shop.post(
        "/orders",
        {
            "quote": {"token": quote["token"], "ledger": quote["ledger"]},
            "offers": [given["token"]] if given else [],
            "buyer": {
                "name": "Ada Example",
                "email": "ada@example.org",
                "buyer_id": given["buyer"] if given else None,
            },
            "ship_to": {
                "name": "Ada Example",
                "street": "1 High Street",
                "city": "Boston",
                "region": "MA",
                "postal_code": "02108",
                "country": "US",
            },
            "payment": {"provider": "sandbox", "token": "tok_success"},
        },
        Idempotency_Key=secrets.token_hex(16),
    )
    screen.print(
        f"[bold]order[/] {order['order_id']}: {order['status']}, payment "
        f"{order['payment']['status']} (stock reserved, money authorised)"
    )
    return order


def _booked(screen: Console, merchant: Client, order_id: str) -> dict[str, Any]:
    until(
        lambda: merchant.get(f"/orders/{order_id}"),
        lambda order: order["status"] == "booked" and order["payment"]["status"] == "captured",
        "no shipment was booked and paid",
    )
    shipment: dict[str, Any] = merchant.get("/shipments", order_id=order_id)["data"][0]
    screen.print(
        f"[bold]3 shipment[/] {shipment['shipment_id']}: {shipment['provider_id']} "
        f"{shipment['service']}, {_money(shipment['price'])}, promised {shipment['promised_on']}, "
        f"tracking {', '.join(shipment['tracking_numbers'])}"
    )
    choice = merchant.get(f"/shipments/{shipment['shipment_id']}/choice")
    for offer in choice["offers"]:
        screen.print(f"    {offer['provider_id']} {offer['service']}: {offer['because']}")
    return shipment


def _follow(screen: Console, merchant: Client, shipment: dict[str, Any]) -> None:
    """The carrier's webhooks: out of order, one twice, one forged."""
    connection = merchant.post("/carrier-connections", {"provider": "hansa"})
    path = connection["url"].partition("/v1")[2]
    number = shipment["tracking_numbers"][0]
    bodies = [_scans(number, steps) for steps in (_LAST_MILE, _BORDER, _FIRST_MILE)]
    for body in (*bodies, bodies[0]):
        answer = merchant.status_of(path, body, _signed(body, connection["secret"]))
        if answer.is_error:
            raise Refused(answer)
        screen.print(f"[bold]4 webhook[/] {len(body)} bytes: {answer.json()['status']}")
    forged = merchant.status_of(path, bodies[0], _signed(bodies[0], _OTHER_SECRET))
    screen.print(f"[bold]4 webhook[/] forged: {forged.status_code}, no trace left")
    timeline = until(
        lambda: merchant.get(f"/shipments/{shipment['shipment_id']}/timeline"),
        lambda found: found["status"] == "delivered" and len(found["lines"]) == _SCANS,
        "the scans did not lead to a delivery",
    )
    for line in timeline["lines"]:
        screen.print(
            f"    {line.get('local') or '':<17} {line['status']:<18} {line.get('place') or ''}"
        )


_OTHER_SECRET = "whsec_" + "A" * 43 + "="
_FIRST_MILE = (("picked_up", "Bremen", "DE", 0), ("in_transit", "Leipzig", "DE", 9))
_BORDER = (("customs_hold", "Newark", "US", 31), ("customs_cleared", "Newark", "US", 36))
_LAST_MILE = (("out_for_delivery", "Boston", "US", 55), ("delivered", "Boston", "US", 61))
_SCANS = len(_FIRST_MILE) + len(_BORDER) + len(_LAST_MILE)


def _scans(number: str, steps: tuple[tuple[str, str, str, int], ...]) -> bytes:
    """One native body: scans some hours apart, the last of them within this hour."""
    began = datetime.now(UTC) - timedelta(hours=62)
    scans = [
        {
            "scan_id": f"{number}-{status}",
            "status": status,
            "occurred_at": (began + timedelta(hours=hours)).isoformat(timespec="seconds"),
            "location": {"city": city, "country": country},
            "text": status.replace("_", " "),
        }
        for status, city, country, hours in steps
    ]
    event = {
        "specversion": "1.0",
        "id": f"evt_{secrets.token_hex(8)}",
        "source": "/providers/demo",
        "type": "hansa.tracking.scans.v1",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "datacontenttype": "application/json",
        "data": {"tracking_number": number, "scans": scans},
    }
    return json.dumps(event).encode()


def _signed(body: bytes, secret: str) -> dict[str, str]:
    headers = sign(body, json.loads(body)["id"], [secret], time.time())
    return {"Content-Type": "application/cloudevents+json", **headers}


def _tell_history(screen: Console, order: dict[str, Any]) -> None:
    screen.print(
        f"[bold]5 order[/] {order['order_id']}: {order['status']}; what was heard, what followed:"
    )
    for event in order["history"]:
        followed = ", ".join(event["effects"]) or "-"
        screen.print(
            f"    {event['heard']:<18} {event['about']:<18} -> {event['status']:<10} {followed}"
        )


def _money(value: Any) -> str:
    return f"{value['amount']} {value['currency']}" if value else "unknown"
