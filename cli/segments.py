"""The loop from order to offer: buyers segmented by what they bought, an offer given and used."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.client import Client
from cli.waiting import until

_DAYS = 14
_RATES = {"USD": "0.86", "GBP": "1.14", "CAD": "0.61", "AUD": "0.56"}  # to euros, of the sample


def segment(screen: Console, merchant: Client) -> None:
    """A model of the year's buyers, published; by a count of the merchant where none is stable."""
    model = _fitted(merchant, {})
    if model["status"] == "undivided":
        why = merchant.get(f"/segment-models/{model['model_id']}/selection")["reason"]
        screen.print(f"[bold]8 segments[/] by themselves none ({why}); by the merchant's wish four")
        model = _fitted(merchant, {"clusters": 4})
    model_id = model["model_id"]
    merchant.post(f"/segment-models/{model_id}/publish")
    found = merchant.get("/segments")["data"]
    table = Table("segment", "buyers", "value", box=None, padding=(0, 2))
    for each in found:
        value = each["value_share"]
        shown = "unknown" if value is None else f"{value:.0%}"
        table.add_row(each["name"], f"{each['mass_share']:.0%}", shown)
    screen.print(f"[bold]8 segments[/] {len(found)} of the year's buyers, model {model_id}")
    screen.print(table)


def _fitted(merchant: Client, asked: dict[str, Any]) -> dict[str, Any]:
    job = merchant.post("/segment-models", {"rates": _RATES, **asked})
    model: dict[str, Any] = until(
        lambda: merchant.get(f"/segment-models/{job['model_id']}"),
        lambda found: found["status"] != "fitting",
        "the model was not fitted",
    )
    return model


def offer(screen: Console, merchant: Client, shop: Client) -> dict[str, Any]:
    """Ten percent off for everybody, a tenth held out so that its effect can be measured."""
    now = datetime.now(UTC)
    made: dict[str, Any] = merchant.post(
        "/offers",
        {
            "kind": "percent",
            "title": "Ten percent for a winter tea",
            "markets": ["US"],
            "depth_pct": "10",
            "valid_from": (now - timedelta(minutes=1)).isoformat(),
            "valid_to": (now + timedelta(days=_DAYS)).isoformat(),
        },
    )
    merchant.post(f"/offers/{made['offer_id']}/publish")
    given = [_given(shop, f"demo-{secrets.token_hex(4)}", made["offer_id"]) for _ in range(30)]
    arms = [each["arm"] for each in given]
    screen.print(
        f"[bold]9 offer[/] {made['offer_id']}: {arms.count('offer')} of 30 buyers get it, "
        f"{arms.count('hold_out')} are held out"
    )
    chosen: dict[str, Any] = next(each for each in given if each["arm"] == "offer")
    return chosen


def _given(shop: Client, buyer: str, offer_id: str) -> dict[str, Any]:
    found = until(
        lambda: shop.get("/offers", buyer=buyer, market="US")["data"],
        lambda offers: any(each["offer_id"] == offer_id for each in offers),
        "the offer was not there",
    )
    mine = next(each for each in found if each["offer_id"] == offer_id)
    return {"buyer": buyer, **mine}


def tell_result(screen: Console, merchant: Client, offer_id: str) -> None:
    result = merchant.get(f"/offers/{offer_id}/result")
    screen.print(f"  its effect: {result['status']}, told on {result.get('ends_at', '')[:10]}")
