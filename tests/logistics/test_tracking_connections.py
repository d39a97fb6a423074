"""Receiving addresses: tried out, unsigned, too fast; a parcel that many watch at once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from chassis.db import Database
from chassis.migrate import migrate
from services.logistics.adapters.tracking import ADAPTERS
from services.logistics.app import SERVICE
from services.logistics.commands import tracking
from services.logistics.domain.tracking import burst
from services.logistics.domain.tracking.burst import Bucket, take_one
from services.logistics.models.tracking import Tracker
from services.logistics.schemas.tracking import NewTracker
from tests.logistics.test_tracking_room import HANSA, Inbox, scans
from tests.running import OTHER_MERCHANT, RunningService, caller, settings_in

CONNECTIONS = "/v1/carrier-connections"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    service = RunningService(SERVICE, tmp_path)
    with service.client() as client:
        yield Inbox(service, client)
    service.close()


@pytest.mark.parametrize(("provider", "secret"), [("hansa", HANSA), ("easypost", "s3cret")])
def test_a_sample_goes_the_whole_way_and_is_taken_for_no_parcel(
    inbox: Inbox, provider: str, secret: str
) -> None:
    tracker_id = inbox.registers("SAMPLE")
    connection_id, _ = inbox.connects(provider, secret)

    tried = inbox.asks("POST", f"{CONNECTIONS}/{connection_id}/test").json()

    assert [(each["step"], each["passed"]) for each in tried["steps"]] == [
        ("address", True), ("signature", True), ("stored", True), ("read", True),
    ]  # fmt: skip
    assert tried["passed"]
    assert tried["steps"][-1]["told"] == "1 scan of SAMPLE"
    delivery = inbox.thought(tried["delivery_id"])
    assert (delivery["outcome"], delivery["told"]["trackers"]) == ("accepted", {})
    assert inbox.asks("GET", f"/v1/trackers/{tracker_id}").json()["status"] == "awaiting_data"


def test_an_address_is_tried_by_its_own_merchant_and_while_it_lives(inbox: Inbox) -> None:
    connection_id, _ = inbox.connects()
    where = f"{CONNECTIONS}/{connection_id}/test"
    assert inbox.asks("POST", where, tenant=OTHER_MERCHANT).status_code == 404
    inbox.asks("DELETE", f"{CONNECTIONS}/{connection_id}")
    assert inbox.asks("POST", where).status_code == 409
    assert inbox.rows() == 0


def easypost(status: str, text: str = "") -> bytes:
    at = datetime(2026, 11, 2, 10, tzinfo=UTC)
    body = json.loads(ADAPTERS["easypost"].sample("evt_1", at))
    (detail,) = body["result"]["tracking_details"]
    body["result"] |= {"tracking_code": "EP1", "status": status}
    detail |= {"status": status, "message": text}
    return json.dumps(body).encode()


def unsigned(inbox: Inbox) -> tuple[str, str]:
    new = {"provider": "easypost", "accept_unsigned": True}
    made = inbox.asks("POST", CONNECTIONS, new).json()
    assert (made["accepts_unsigned"], made["live_secrets"], made["secret"]) == (True, 0, None)
    return made["connection_id"], made["url"].removeprefix(inbox.service.settings.public_url)


def take(inbox: Inbox, path: str, raw: bytes, headers: dict[str, str]) -> int:
    answer = inbox.posts(path, raw, headers=headers)
    if answer.status_code == 200:
        assert inbox.thought(answer.json()["delivery_id"])["outcome"] == "accepted"
    return int(answer.status_code)


def scans_of(inbox: Inbox, tracker_id: str) -> list[tuple[str, str]]:
    found = inbox.asks("GET", f"/v1/trackers/{tracker_id}/scans").json()["data"]
    return [(scan["status"], scan["trust"]) for scan in found]


@pytest.mark.parametrize("signed_first", [True, False])
def test_what_nobody_signed_is_kept_as_unconfirmed_and_moves_nothing(
    inbox: Inbox, signed_first: bool
) -> None:
    """Signed by another address it counts, whichever came first."""
    tracker_id = inbox.registers("EP1")
    _, open_path = unsigned(inbox)
    _, signed_path = inbox.connects("easypost", "s3cret")
    raw = easypost("out_for_delivery")
    signed = ADAPTERS["easypost"].sign(raw, "", "s3cret", 0)

    def state() -> str:
        return str(inbox.asks("GET", f"/v1/trackers/{tracker_id}").json()["status"])

    if signed_first:
        assert take(inbox, signed_path, raw, signed) == 200
    assert take(inbox, open_path, raw, {}) == 200
    if not signed_first:
        assert state() == "awaiting_data"
        assert scans_of(inbox, tracker_id) == [("out_for_delivery", "unconfirmed")]
        assert take(inbox, signed_path, raw, signed) == 200

    assert state() == "out_for_delivery"
    assert take(inbox, open_path, easypost("delivered"), {}) == 200
    assert state() == "out_for_delivery"
    assert sorted(scans_of(inbox, tracker_id)) == [
        ("delivered", "unconfirmed"), ("out_for_delivery", "confirmed"),
    ]  # fmt: skip
    assert take(inbox, signed_path, raw, {}) == 401


def test_an_address_with_a_secret_takes_nothing_unsigned_any_more(inbox: Inbox) -> None:
    inbox.registers("EP1")
    connection_id, path = unsigned(inbox)
    assert take(inbox, path, easypost("in_transit"), {}) == 200
    tried = inbox.asks("POST", f"{CONNECTIONS}/{connection_id}/test").json()
    assert (tried["passed"], "unconfirmed" in tried["steps"][1]["told"]) == (True, True)

    inbox.asks("POST", f"{CONNECTIONS}/{connection_id}/rotate", {"secret": "s3cret"})

    assert take(inbox, path, easypost("delivered"), {}) == 401
    (shown,) = inbox.asks("GET", CONNECTIONS).json()
    assert (shown["accepts_unsigned"], shown["live_secrets"]) == (False, 1)


@pytest.mark.parametrize(
    "new",
    [{"provider": "hansa", "accept_unsigned": True},
     {"provider": "easypost", "accept_unsigned": True, "secret": "s3cret"},
     {"provider": "easypost"}],
)  # fmt: skip
def test_unsigned_is_said_and_never_by_accident(inbox: Inbox, new: dict[str, Any]) -> None:
    assert inbox.asks("POST", CONNECTIONS, new).status_code == 422


def test_beyond_the_burst_an_address_says_when_to_come_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burst, "BURST", 3.0)
    monkeypatch.setattr(burst, "RATE_PER_S", 0.01)
    _, path = inbox.connects()
    _, other = inbox.connects()

    answers = [inbox.posts(path, scans(event_id=f"evt_{n}")) for n in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 90 <= int(answers[-1].headers["Retry-After"]) <= 100
    assert inbox.posts(other, scans()).status_code == 200
    assert inbox.rows() == 4


@given(st.lists(st.floats(0, 2), min_size=1, max_size=400))
def test_no_stretch_of_time_lets_more_through_than_burst_and_rate(pauses: list[float]) -> None:
    bucket: Bucket | None = None
    now, let, begun = 0.0, 0, None
    for pause in pauses:
        now += pause
        for _ in range(100):
            bucket, wait_s = take_one(bucket, now)
            let += wait_s == 0
            begun = now if begun is None else begun
            assert 0 <= wait_s <= 1 / burst.RATE_PER_S
    assert begun is not None
    assert let <= burst.BURST + (now - begun) * burst.RATE_PER_S + 1e-6


def twenty_watch_one_parcel(db: Database) -> None:
    new = NewTracker(tracking_number="HN 0001", carrier="FedEx Ground")
    same = NewTracker(tracking_number="hn0001", carrier="fedex")
    with ThreadPoolExecutor(10) as pool:
        asked = [
            pool.submit(lambda what: db.submit(tracking.watch, caller(), what).result(), what)
            for what in [new, same] * 10
        ]
        trackers = {each.result().tracker_id for each in asked}
    count = select(func.count()).select_from(Tracker)
    assert (len(trackers), db.look(lambda session: session.scalar(count)).result()) == (1, 1)


def test_a_parcel_that_many_ask_to_watch_at_once_has_one_tracker(tmp_path: Path) -> None:
    running = RunningService(SERVICE, tmp_path)
    twenty_watch_one_parcel(running.db)
    running.close()


@pytest.mark.xdist_group("full")
def test_a_parcel_that_many_ask_to_watch_at_once_has_one_tracker_on_postgres(
    tmp_path: Path, postgres_url: str
) -> None:
    migrate("services.logistics", postgres_url)
    db = Database(postgres_url, settings_in(tmp_path))
    try:
        twenty_watch_one_parcel(db)
    finally:
        db.close()
