"""The loop from delivery to choice: late parcels and an answered survey move a rating, and with it
who carries the next order."""

import csv
import io
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from cli.client import Client
from cli.imports import import_content
from cli.waiting import until

LATE = 20
_POOR = "2"


def carry_late(screen: Console, merchant: Client, shipment: dict[str, Any]) -> None:
    """Twenty parcels of this provider came late, and the merchant says how it was."""
    provider = shipment["provider_id"]
    before = merchant.get(f"/scorecards/{provider}")
    _tell(screen, "6 rating", before)
    report = import_content(merchant, "shipments", _late_shipments(shipment), "text/csv")
    screen.print(f"  {report['summary']}: each {_DAYS_LATE} days after its promise")
    _survey(screen, merchant, shipment["shipment_id"])
    after = until(
        lambda: merchant.get(f"/scorecards/{provider}"),
        lambda card: card["trials"] > before["trials"] and card["n_eff"] > before["n_eff"],
        "the rating was not worked out anew",
    )
    _tell(screen, "  after", after)


_DAYS_LATE = 9


def _late_shipments(shipment: dict[str, Any]) -> bytes:
    ended = datetime.now(UTC) - timedelta(days=1)
    word = secrets.token_hex(4)
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(
        "shipment order provider service origin destination promised_on status ended_at attempts "
        "damaged complete customs_days".split()
    )
    for number in range(LATE):
        rows.writerow([
            f"L-{word}-{number}", f"L-{word}-{number}", shipment["provider_id"],
            shipment["service"], shipment["origin"], shipment["destination"],
            (ended - timedelta(days=_DAYS_LATE)).date(), "delivered", ended.isoformat(), 2,
            "false", "true", 0,
        ])  # fmt: skip
    return written.getvalue().encode()


def _survey(screen: Console, merchant: Client, shipment_id: str) -> None:
    """By the page's own form, opened by its one-time link, if the draw asks about this shipment."""
    invitation = until(
        lambda: _invitation(merchant, shipment_id), _is_out, "no invitation came", may_fail=True
    )
    if invitation is None or invitation["url"] is None:
        screen.print("  the draw did not ask about this shipment")
        return
    path = invitation["url"].partition("/v1")[2]
    asked = set(re.findall(r'name="(perception\.\w+)"', merchant.page(path)))
    answers = dict.fromkeys(asked, _POOR)
    merchant.form(path, answers | {"satisfaction": _POOR, "language": "en"})
    screen.print(f"  its survey was answered: {_POOR} of 7 on {len(asked)} statements")


def _invitation(merchant: Client, shipment_id: str) -> dict[str, Any] | None:
    sent = merchant.get("/surveys/invitations", limit=100)["data"]
    return next((each for each in sent if each["shipment_id"] == shipment_id), None)


def _is_out(invitation: dict[str, Any] | None) -> bool:
    return invitation is not None and invitation["url"] is not None


def _tell(screen: Console, what: str, card: dict[str, Any]) -> None:
    rating = card["rating"]
    shown = "not enough evidence" if rating is None else f"{rating['rating']:.1f} of 100"
    screen.print(
        f"[bold]{what}[/] {card['title']}: {shown}, {_on_time(card)} on time, from "
        f"{card['trials']:.0f} measured shipments and {card['n_eff']:.1f} answers"
    )


def _on_time(card: dict[str, Any]) -> str:
    shares = [share for each in card["dimensions"] for share in each["shares"]]
    theta = next((each["theta"] for each in shares if each["metric"] == "on_time"), None)
    return "nobody knows how often" if theta is None else f"{theta:.1%}"
