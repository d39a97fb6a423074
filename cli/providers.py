"""The sample's providers on their way to approval, as they and two persons of ours would walk it.

The papers are blank pages and the checks invented; each step is a real call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.client import Client
from cli.world import CARRIERS, Carrier

TITLES = {
    "prv_6a1f0c52d94b4e7e8b3a5c7d9e1f2031": "Weser Express",
    "prv_0b7de4a18c2f4d6f9a41c3e5b7092846": "Kontor Post",
    "prv_c48e19b7035d4a62b1f6d80e2a7c9354": "Rhein Paket",
    "prv_91d3f6ae57c84b0d86e2047fb9a1c65d": "Hanse Parcel",
    "prv_2e85b7c06fd14938a7d05be3c1f48a69": "Atlantik Fracht",
}
_PAPERS = ("identity", "licence", "insurance", "data_agreement", "references")
_BLANK = b"%PDF-1.7\n% a sample page\n%%EOF\n"


@dataclass
class _Desk:
    """Two persons of the platform, by keys of their own: what matters takes both."""

    first: Client
    second: Client

    def decide(self, provider_id: str, **asked: Any) -> None:
        where = f"/qualifications/{provider_id}/decisions"
        made = self.first.post(where, {"reason": "sample: all papers are there"} | asked)
        self.second.post(f"{where}/{made['decision_id']}/confirm")

    def check(self, provider_id: str, **made: Any) -> None:
        self.first.post(f"/qualifications/{provider_id}/checks", {"on": _today()} | made)


def qualify(keys: dict[str, str], told: Callable[[str], None]) -> None:
    """Whoever is known already is left as it is."""
    first = Client(keys["url"], keys["operator"])
    made = first.post("/api-keys", {"kind": "operator", "description": "second person"})
    desk = _Desk(first, Client(keys["url"], made["secret"]))
    known = {each["provider_id"] for each in first.get("/providers", limit=100)["data"]}
    for carrier in CARRIERS:
        if carrier.provider not in known:
            _approve(desk, carrier, keys["url"])
    told(f"providers: {len(CARRIERS)} with their papers, approved by two persons")
    desk.first.close()
    desk.second.close()


def _approve(desk: _Desk, carrier: Carrier, url: str) -> None:
    name = carrier.provider
    key = desk.first.post("/api-keys", {"kind": "provider", "provider_id": name})
    provider = Client(url, key["secret"])
    provider.post("/providers", _registration(carrier))
    for paper in _PAPERS:
        _show(desk, provider, name, paper)
    provider.post(f"/providers/{name}/transitions", {"to": "documents_submitted"})
    desk.check(name, kind="screening", open_hits=0)
    desk.first.post(f"/providers/{name}/transitions", {"to": "under_review"})
    desk.decide(name, to="provisional")
    for channel in ("phone", "mail"):
        desk.check(name, kind="reach", channel=channel, passed=True, human=True)
    audit = [{"item": "depot in order", "verdict": "pass"}]
    desk.check(name, kind="audit", how="on_site", standard="depot-1", items=audit)
    until = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    desk.decide(name, waive="informatisation", until=until)
    desk.decide(name, to="approved")
    provider.close()


def _registration(carrier: Carrier) -> dict[str, Any]:
    return {
        "provider_id": carrier.provider,
        "title": TITLES[carrier.provider],
        "legal_name": f"{TITLES[carrier.provider]} GmbH (sample)",
        "country": "DE",
        "registration": "HRB 0 sample",
        "zone": "Europe/Berlin",
        "languages": ["de", "en"],
        "capabilities": [{"service": carrier.service}],
        "lanes": [
            {"origin": "DE", "destination": market, "service": carrier.service}
            for market in carrier.markets
        ],
    }


def _show(desk: _Desk, provider: Client, name: str, paper: str) -> None:
    now = datetime.now(UTC).date()
    asked = {
        "kind": paper,
        "number": "1",
        "issuer": "Sample Authority",
        "valid_from": (now - timedelta(days=30)).isoformat(),
        "valid_to": (now + timedelta(days=300)).isoformat(),
    }
    if paper == "insurance":
        asked["covers"] = "100000.00 EUR"
    shown = provider.send(f"/providers/{name}/documents", _BLANK, "application/pdf", **asked)
    desk.first.post(
        f"/qualifications/{name}/documents/{shown['document_id']}", {"verdict": "verified"}
    )


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
