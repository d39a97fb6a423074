"""Carriers' webhooks over HTTP: what is refused, what is kept, and what it comes to."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from chassis.inbound import BODY_LIMIT, InboundWorker, deliveries
from services.logistics.adapters.tracking import ADAPTERS
from services.logistics.app import SERVICE
from services.logistics.commands.tracking import register_tracker, take_early_scans
from services.logistics.queries import tracking as queries
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, signed_in

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
if not SHARED.is_dir():
    pytest.skip(f"../shared is missing: {SHARED}", allow_module_level=True)

WEBHOOKS = SHARED / "data" / "webhooks"
EXPECTED = [
    row
    for row in map(json.loads, (WEBHOOKS / "expected.jsonl").read_text().splitlines())
    if row["provider"] in ("easypost", "hansa")
]
HANSA = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER_HANSA = "whsec_Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
CLOCKS = (
    "chassis.inbound",
    "services.logistics.commands.connections",
    "services.logistics.commands.tracking",
    "services.logistics.queries.tracking",
)


class Inbox:
    """A merchant's receiving addresses on a running service."""

    def __init__(self, service: RunningService, client: TestClient) -> None:
        self.service, self.client = service, client
        self._worker = InboundWorker(
            "logistics", service.db, service.settings, service.service.inbound
        )

    def asks(self, method: str, path: str, body: Any = None, tenant: str = MERCHANT) -> Any:
        return self.client.request(method, path, json=body, headers=signed_in(tenant=tenant))

    def connects(self, provider: str = "hansa", secret: str = HANSA) -> tuple[str, str]:
        """The connection's id and the path to post to."""
        body = {"provider": provider, "secret": secret}
        made = self.asks("POST", "/v1/carrier-connections", body).json()
        return made["connection_id"], made["url"].removeprefix(self.service.settings.public_url)

    def registers(self, number: str, tenant: str = MERCHANT) -> str:
        made = self.asks("POST", "/v1/trackers", {"tracking_number": number}, tenant)
        return str(made.json()["tracker_id"])

    def posts(
        self, path: str, raw: bytes, secret: str = HANSA, headers: dict[str, str] | None = None
    ) -> Any:
        if headers is None:
            provider = path.split("/")[3]
            event_id = json.loads(raw)["id"] if provider == "hansa" else ""
            headers = ADAPTERS[provider].sign(raw, event_id, secret, time.time())
        return self.client.post(path, content=raw, headers=headers | signed_in("anonymous"))

    def thought(self, delivery_id: str) -> dict[str, Any]:
        """The delivery, once everything due was thought about."""
        while self.service.does(self._worker._process_due):
            pass
        found: dict[str, Any] = self.asks("GET", f"/v1/inbound-deliveries/{delivery_id}").json()
        return found

    def rows(self) -> int:
        count = select(func.count()).select_from(deliveries)
        return int(self.service.reads(lambda session: session.execute(count).scalar_one()))


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    service = RunningService(SERVICE, tmp_path)
    with service.client() as client:
        yield Inbox(service, client)
    service.close()


def scans(number: str = "HN0001", event_id: str = "evt_1", **scan: Any) -> bytes:
    told = {"scan_id": "s1", "status": "picked_up", "occurred_at": "2026-08-28T16:05:00+03:00"}
    return json.dumps(
        {
            "specversion": "1.0", "id": event_id, "source": "/providers/prv_1",
            "type": "hansa.tracking.scans.v1", "time": "2026-09-01T10:00:00Z",
            "datacontenttype": "application/json",
            "data": {"tracking_number": number, "scans": [told | scan]},
        }
    ).encode()  # fmt: skip


def test_a_scan_of_a_time_to_come_is_taken_once_it_has_come(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another scan of the same delivery was used at once."""
    tracker_id = inbox.registers("HN0001")
    _, path = inbox.connects()
    begun = datetime.now(UTC)
    at = [(begun + timedelta(days=days)).isoformat(timespec="seconds") for days in (-1, 3)]
    body = json.loads(scans(occurred_at=at[0]))
    body["data"]["scans"].append({"scan_id": "s2", "status": "delivered", "occurred_at": at[1]})

    taken = inbox.posts(path, json.dumps(body).encode()).json()

    assert inbox.thought(taken["delivery_id"])["outcome"] == "accepted"
    assert inbox.asks("GET", f"/v1/trackers/{tracker_id}").json()["status"] == "picked_up"

    for module in CLOCKS:
        monkeypatch.setattr(f"{module}.now", lambda: begun + timedelta(days=4))
    inbox.service.does(take_early_scans, begun)
    inbox.thought(taken["delivery_id"])

    assert inbox.asks("GET", f"/v1/trackers/{tracker_id}").json()["status"] == "delivered"
    assert inbox.service.reads(queries.early) == []


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: row["file"])
def test_a_delivery_of_the_corpus_ends_as_expected(
    inbox: Inbox, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: float(row["now"]))
    for module in CLOCKS:
        monkeypatch.setattr(f"{module}.now", lambda: datetime.fromtimestamp(row["now"], UTC))
    tracker_ids = {
        each["tracking_number"]: inbox.registers(each["tracking_number"])
        for each in row["trackers"]
    }
    _, path = inbox.connects(row["provider"], row["secret"])

    taken = inbox.posts(path, (WEBHOOKS / row["file"]).read_bytes(), row["secret"])
    delivery = inbox.thought(taken.json()["delivery_id"])

    expect = row["expect"]
    assert (taken.status_code, delivery["outcome"]) == (expect["http"], expect["outcome"])
    assert delivery["told"]["trackers"] == expect["trackers"]
    for number, told in expect["trackers"].items():
        where = f"/v1/trackers/{tracker_ids[number]}"
        shown = inbox.asks("GET", where).json()
        count = len(inbox.asks("GET", f"{where}/scans").json()["data"])
        names = ("status", "leg", "flags")
        assert {name: shown[name] for name in names} | {"new_scans": count} == told


def test_the_signature_easypost_publishes_is_accepted(inbox: Inbox) -> None:
    vectors = json.loads((WEBHOOKS / "signature_vectors.json").read_text())
    good, bad = (
        next(vector for vector in vectors if vector["id"] == f"sig-easypost-{number}")
        for number in (1, 2)
    )
    raw = (WEBHOOKS / good["body_file"]).read_bytes().removesuffix(b"\n")
    _, path = inbox.connects("easypost", good["secret"])

    assert inbox.posts(path, raw, headers=bad["headers"]).status_code == 401
    assert inbox.posts(path, raw, headers=good["headers"]).status_code == 200


def test_a_forged_delivery_leaves_nothing(inbox: Inbox) -> None:
    _, path = inbox.connects()
    raw = scans()
    headers = ADAPTERS["hansa"].sign(raw, "evt_1", HANSA, time.time())
    stale = ADAPTERS["hansa"].sign(raw, "evt_1", HANSA, time.time() - 3600)

    refused = [
        inbox.posts(path, raw, OTHER_HANSA),
        inbox.posts(path, raw + b" ", headers=headers),
        inbox.posts(path, raw, headers=stale),
        inbox.posts(path, raw, headers={}),
    ]

    assert [answer.status_code for answer in refused] == [401] * 4
    assert all(answer.json()["type"].endswith("bad-signature") for answer in refused)
    assert inbox.rows() == 0


def test_an_address_that_is_unknown_revoked_or_of_another_provider_is_the_same_nothing(
    inbox: Inbox,
) -> None:
    connection_id, path = inbox.connects()
    _, other = inbox.connects("easypost", "secret")
    assert inbox.asks("DELETE", f"/v1/carrier-connections/{connection_id}").status_code == 200
    raw = scans()
    headers = ADAPTERS["hansa"].sign(raw, "evt_1", HANSA, time.time())

    answers = [
        inbox.posts(where, raw, headers=headers)
        for where in (path, path + "x", other.replace("easypost", "hansa"))
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    bodies = [answer.json() | {"request_id": "", "instance": ""} for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert inbox.client.head(path).status_code == 404
    assert inbox.rows() == 0


def test_the_same_body_again_is_a_duplicate_and_counted(inbox: Inbox) -> None:
    tracker_id = inbox.registers("HN0001")
    _, path = inbox.connects()

    first = inbox.posts(path, scans()).json()
    inbox.thought(first["delivery_id"])
    again = inbox.posts(path, scans()).json()

    assert (first["status"], again["status"]) == ("received", "duplicate")
    assert again["delivery_id"] == first["delivery_id"]
    assert inbox.thought(first["delivery_id"])["duplicates"] == 1
    assert inbox.rows() == 1
    found = inbox.asks("GET", f"/v1/trackers/{tracker_id}/scans").json()["data"]
    assert len(found) == 1


def test_deliveries_in_any_order_make_the_same_timeline(inbox: Inbox) -> None:
    bodies = [
        scans(scan_id="s1", event_id="evt_1"),
        scans(scan_id="s2", event_id="evt_2", status="in_transit",
              occurred_at="2026-08-29T08:00:00+03:00"),
        scans(scan_id="s3", event_id="evt_3", status="delivered",
              occurred_at="2026-08-30T09:00:00+03:00"),
    ]  # fmt: skip
    _, path = inbox.connects()
    seen = []
    for turn, order in enumerate(itertools.permutations(bodies)):
        number, shipment = f"HN{turn:04d}", f"shp_{turn}"
        dates = (None, None)
        inbox.service.does(register_tracker, MERCHANT, None, number, shipment, dates)
        for body in order:
            taken = inbox.posts(path, body.replace(b"HN0001", number.encode())).json()
            inbox.thought(taken["delivery_id"])
        timeline = inbox.asks("GET", f"/v1/shipments/{shipment}/timeline").json()
        seen.append(timeline | {"shipment_id": ""})

    assert seen[0]["status"] == "delivered"
    assert len(seen[0]["lines"]) == 3
    assert all(timeline == seen[0] for timeline in seen)


def test_a_number_nobody_knows_waits_until_it_is_registered(inbox: Inbox) -> None:
    _, path = inbox.connects()
    waiting = inbox.posts(path, scans("HN-LATE", "evt_1")).json()["delivery_id"]
    other = inbox.posts(path, scans("HN-OTHER", "evt_2")).json()["delivery_id"]
    kept = inbox.thought(waiting)
    assert (kept["outcome"], kept["reason"]) == ("quarantined", "unknown_tracker")

    inbox.registers("HN-LATE", OTHER_MERCHANT)
    assert inbox.thought(waiting)["outcome"] == "quarantined"
    tracker_id = inbox.registers("HN-LATE")

    assert inbox.thought(waiting)["outcome"] == "accepted"
    assert inbox.thought(other)["outcome"] == "quarantined"
    assert inbox.asks("GET", f"/v1/trackers/{tracker_id}").json()["status"] == "picked_up"


def test_a_body_beyond_the_limit_is_refused(inbox: Inbox) -> None:
    _, path = inbox.connects()
    raw = scans().ljust(BODY_LIMIT)

    assert inbox.posts(path, raw).status_code == 200
    assert inbox.posts(path, raw + b" ").status_code == 413
    assert inbox.rows() == 1


def test_nothing_of_another_merchant_is_to_be_found(inbox: Inbox) -> None:
    tracker_id = inbox.registers("HN0001")
    connection_id, path = inbox.connects()
    delivery_id = inbox.posts(path, scans()).json()["delivery_id"]
    inbox.thought(delivery_id)
    asked = [
        ("GET", f"/v1/trackers/{tracker_id}", None),
        ("GET", f"/v1/trackers/{tracker_id}/scans", None),
        ("GET", f"/v1/inbound-deliveries/{delivery_id}", None),
        ("POST", f"/v1/inbound-deliveries/{delivery_id}/replay", None),
        ("DELETE", f"/v1/carrier-connections/{connection_id}", None),
        ("POST", f"/v1/carrier-connections/{connection_id}/rotate", {"keep_hours": 0}),
    ]

    codes = [inbox.asks(*each, tenant=OTHER_MERCHANT).status_code for each in asked]

    assert codes == [404] * len(asked)
    for listed in ("/v1/carrier-connections", "/v1/inbound-deliveries"):
        assert inbox.asks("GET", listed, tenant=OTHER_MERCHANT).json() == []
    assert inbox.posts(path, scans(event_id="evt_2")).status_code == 200


def test_scans_reach_only_the_trackers_of_the_connections_own_merchant(inbox: Inbox) -> None:
    theirs = inbox.registers("HN0001", OTHER_MERCHANT)
    ours = inbox.registers("HN0001")
    _, path = inbox.connects()

    inbox.thought(inbox.posts(path, scans()).json()["delivery_id"])

    shown = inbox.asks("GET", f"/v1/trackers/{theirs}", tenant=OTHER_MERCHANT).json()
    assert shown["status"] == "awaiting_data"
    assert inbox.asks("GET", f"/v1/trackers/{ours}").json()["status"] == "picked_up"


@pytest.mark.parametrize(("keep_hours", "old_is"), [(24, 200), (0, 401)])
def test_a_replaced_secret_lives_as_long_as_was_asked(
    inbox: Inbox, keep_hours: int, old_is: int
) -> None:
    connection_id, path = inbox.connects()
    body = {"secret": OTHER_HANSA, "keep_hours": keep_hours}

    rotated = inbox.asks("POST", f"/v1/carrier-connections/{connection_id}/rotate", body)

    assert rotated.json()["live_secrets"] == (2 if keep_hours else 1)
    assert inbox.posts(path, scans(event_id="evt_1"), HANSA).status_code == old_is
    assert inbox.posts(path, scans(event_id="evt_2"), OTHER_HANSA).status_code == 200
