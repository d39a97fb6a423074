"""A service from outside: stored answers, calls, webhooks, jobs, refusals."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select, update
from starlette.testclient import TestClient

from chassis import calls, inbound, jobs
from chassis.app import create_app
from chassis.caller import HEADER, Caller, mint, verify
from chassis.crypto import CannotOpen, seal, unseal
from chassis.db import Database, now, touch
from chassis.inbound import Incoming, deliveries
from chassis.migrate import migrate
from chassis.outbox import outbox
from tests.chassis.toy import app as toy
from tests.chassis.world import eventually
from tests.running import KEYS, finished, settings_in, signed_in

Toy = tuple[TestClient, Database]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("full"))])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Toy]:
    toy.CALLED.clear()
    toy.ANSWERED.clear()
    changed: dict[str, Any] = {}
    if request.param == "postgres":
        changed["database_url"] = request.getfixturevalue("postgres_url")
    settings = settings_in(tmp_path, **changed)
    migrate("tests.chassis.toy", settings.database_for("toy"))
    app = create_app(toy.SERVICE, settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, app.state.db


def post(client: TestClient, number: object, key: str | None = None) -> Any:
    headers = signed_in() | ({"Idempotency-Key": key} if key else {})
    return client.post("/v1/toys", json={"number": number}, headers=headers)


def test_the_same_request_at_once_is_done_once_and_answered_alike(service: Toy) -> None:
    client, _ = service
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: post(client, 7, "k"), range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 5


def test_a_key_for_another_body_is_refused(service: Toy) -> None:
    client, _ = service
    post(client, 7, "k")

    assert post(client, 8, "k").status_code == 422
    other = client.post(
        "/v1/toys",
        json={"number": 8},
        headers=signed_in(tenant="mer_" + "5" * 32) | {"Idempotency-Key": "k"},
    )
    assert other.status_code == 201


def test_a_refusal_is_stored_and_undoes_only_itself(service: Toy) -> None:
    client, db = service
    first, again = post(client, -1, "k"), post(client, -1, "k")

    assert (first.status_code, again.status_code) == (422, 422)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["type"] == again.json()["type"] == "urn:hansa:problem:negative"
    assert db.look(lambda s: s.scalars(select(outbox.c.id)).all()).result() == []


def test_a_page_goes_on_where_the_last_one_ended(service: Toy) -> None:
    client, db = service
    for number in range(5):
        post(client, number)
    eventually(lambda: len(client.get("/v1/toys", headers=signed_in()).json()["data"]) == 5)
    seen: list[str] = []
    after: str | None = None
    while True:
        query = {"limit": "2", **({"after": after} if after else {})}
        page = client.get("/v1/toys", params=query, headers=signed_in()).json()
        seen += page["data"]
        after = page["next_cursor"]
        if after is None:
            break

    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    for wrong in ("%%%", "AAAA\xff", "é" * 10, "a" * 199):
        answer = client.get("/v1/toys", params={"after": wrong}, headers=signed_in())
        assert answer.status_code in (200, 422)
    assert db.url


def test_a_call_is_made_once_and_one_that_fails_again_with_the_same_key(service: Toy) -> None:
    _, db = service
    for key in ("steady", "flaky", "steady"):
        db.submit(toy.ring, key).result()
    eventually(lambda: sorted(toy.ANSWERED) == ["flaky", "steady"])

    assert sorted(toy.CALLED) == ["flaky", "flaky", "steady"]


def test_an_answer_is_taken_in_once_though_two_workers_made_the_call(service: Toy) -> None:
    _, db = service
    db.submit(toy.ring, "steady").result()
    eventually(lambda: toy.ANSWERED == ["steady"])
    row = db.look(lambda s: s.execute(select(calls.outgoing_calls)).one()).result()

    db.submit(calls._record, toy.answered, row.id, {"key": "steady"}, {"said": "again"}).result()

    assert toy.ANSWERED == ["steady"]


def test_a_webhook_is_stored_once_and_thought_about_afterwards(service: Toy) -> None:
    _, db = service
    body = Incoming("toy", "con_1", "mer_1", b'{"a": 1}')
    first = db.submit(inbound.store, KEYS, body).result()
    again = db.submit(inbound.store, KEYS, body).result()

    assert (first[1], again) == ("received", (first[0], "duplicate"))
    row = eventually(lambda: _delivery(db, first[0], "accepted"))
    assert row.duplicates == 1
    assert row.body_sha256 == hashlib.sha256(body.body).hexdigest()
    assert body.body not in row.body


def test_what_cannot_be_thought_about_is_quarantined_and_tried_again_when_sent_again(
    service: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "TRIES", 1)
    _, db = service
    body = Incoming("toy", "con_1", "mer_1", b"explode")
    first, _ = db.submit(inbound.store, KEYS, body).result()
    row = eventually(lambda: _delivery(db, first, "quarantined"))
    assert row.reason == "processing_error"

    db.submit(inbound.store, KEYS, body).result()
    eventually(lambda: _delivery(db, first, "quarantined"))


def _delivery(db: Database, delivery_id: str, state: str) -> Any:
    found = select(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.state == state)
    return db.look(lambda session: session.execute(found).first()).result()


def job_url(job_id: str) -> str:
    return f"/v1/toy/jobs/{job_id}"


def test_a_computation_runs_in_a_child_and_its_report_is_shown(service: Toy) -> None:
    client, db = service
    owner = signed_in(tenant="mer_1")
    good, bad = (db.submit(toy.begin, number).result() for number in (21, 13))

    assert finished(client, job_url(good), owner)["result"] == {"doubled": 42}
    failed = finished(client, job_url(bad), owner)
    assert (failed["status"], failed["problem"]) == ("failed", "ValueError: 13 cannot be doubled")
    assert client.get(job_url(good), headers=signed_in()).status_code == 404


def test_a_cancelled_job_stays_cancelled(service: Toy) -> None:
    client, db = service
    owner = signed_in(tenant="mer_1")
    job_id = db.submit(toy.begin, 1).result()

    answer = client.delete(job_url(job_id), headers=owner).json()

    assert answer["status"] in ("cancelled", "done")
    assert finished(client, job_url(job_id), owner)["status"] == answer["status"]


def test_a_job_whose_holder_died_is_taken_up_by_another(service: Toy) -> None:
    client, db = service
    job_id = db.submit(toy.begin, 4).result()
    owner = signed_in(tenant="mer_1")
    finished(client, job_url(job_id), owner)
    abandoned = {"status": "running", "lease_until": now() - timedelta(seconds=1)}
    change = update(jobs.jobs).where(jobs.jobs.c.id == job_id).values(**abandoned, result=None)
    db.submit(lambda session: session.execute(change) and None).result()

    assert finished(client, job_url(job_id), owner)["result"] == {"doubled": 8}


def test_of_two_replicas_one_runs_a_schedule(service: Toy) -> None:
    _, db = service
    ran: list[int] = []
    lock = threading.Lock()

    def command(*_: object) -> None:
        with lock:
            ran.append(1)

    schedule = jobs.Schedule("tidy", timedelta(hours=1), command)
    at = now()
    runs = [db.submit(jobs._run_if_due, schedule, at) for _ in range(8)]
    for run in runs:
        run.result()

    assert ran == [1]


def test_an_identity_is_believed_only_if_it_is_signed_and_fresh() -> None:
    caller = Caller("merchant", "mer_1", ("mer_1",), (), "key_1")
    good = mint(caller, KEYS)
    other = b"another key of thirty-two bytes!"

    assert verify(good, KEYS) == caller
    assert verify(good, (other, *KEYS)) == caller
    assert verify(mint(caller, [other]), KEYS) is None
    assert verify(mint(caller, KEYS, now_s=1), KEYS) is None
    unsigned = "eyJhbGciOiJub25lIn0." + good.split(".")[1] + "."
    assert verify(unsigned, KEYS) is None
    longer = jwt.encode({"alg": "HS512"}, {"sub": "x"}, OctKey.import_key(KEYS[0] * 2), ["HS512"])
    assert verify(longer, KEYS) is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "." * 50])
def test_any_text_in_place_of_an_identity_is_401(tmp_path: Path, token: str) -> None:
    settings = settings_in(tmp_path)
    migrate("tests.chassis.toy", settings.database_for("toy"))
    with TestClient(create_app(toy.SERVICE, settings)) as client:
        answer = client.get("/v1/toys", headers={HEADER: token})

    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_what_is_sealed_opens_only_for_what_it_is_about() -> None:
    sealed = seal(b"secret", KEYS, "order 1")

    assert unseal(sealed, (b"0" * 32, *KEYS), "order 1") == b"secret"
    for changed, about in ((sealed, "order 2"), (sealed[:-1] + b"x", "order 1")):
        with pytest.raises(CannotOpen):
            unseal(changed, KEYS, about)


def test_a_waiter_is_woken_by_the_commit_and_not_by_the_clock(service: Toy) -> None:
    _, db = service

    async def wait() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        seen: list[int] = []

        async def look() -> int:
            seen.append(1)
            return len(toy.ANSWERED)

        task = asyncio.create_task(db.read_until("here", 20, bool, look))
        await asyncio.sleep(0)
        toy.ANSWERED.append("x")
        await db.write(lambda session: touch(session, "here"))
        await task
        return loop.time() - began

    assert asyncio.run(wait()) < 5
