"""Fits while the world goes on: cancelled, buyers erased, consents withdrawn; and bare cases."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from chassis import jobs
from chassis.db import now
from contracts.event import Event
from contracts.gateway import BuyerErased, ConsentChanged
from services.segmentation.app import SERVICE
from services.segmentation.commands import fits
from services.segmentation.domain import training
from services.segmentation.models import Membership, OrderFact, OrderMark, SnapshotRow
from services.segmentation.schemas.models import FitOut, NewModel
from tests.running import MERCHANT, RunningService, caller, finished, signed_in
from tests.segmentation.world import bought, does, fitted, get, history, offer, published, shop


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def started(service: RunningService, **asked: Any) -> FitOut:
    new = NewModel(**asked)
    found = service.reads(fits.take, MERCHANT, new)
    begun: FitOut = service.does(fits.start_fit, caller(), new, found)
    return begun


def children() -> list[str]:
    """Processes of this one that compute."""
    there = Path("/proc/self/task").glob("*/children")
    pids = [pid for each in there for pid in each.read_text().split()]
    lines = [Path(f"/proc/{pid}/cmdline") for pid in pids]
    said = [line.read_text() for line in lines if line.exists()]
    return [line for line in said if "training:train" in line]


def until(holds: Any, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_cancel_ends_the_process_that_computes_and_leaves_no_model(
    service: RunningService,
) -> None:
    service.hears(*shop(), *history(240))
    with service.client() as client:
        body = {"most_clusters": 10}
        begun = client.post("/v1/segment-models", json=body, headers=signed_in()).json()
        job = f"/v1/segmentation/jobs/{begun['id']}"
        until(lambda: get(client, job)["progress"] > 0.02, 40)
        assert children() != []

        client.delete(job, headers=signed_in())
        until(lambda: children() == [], 6)

        ended = get(client, job)
        model = get(client, f"/v1/segment-models/{begun['model_id']}")
        why = client.get(f"/v1/segment-models/{begun['model_id']}/selection", headers=signed_in())
    assert ended["status"] == "cancelled"
    assert ended["progress"] < 1
    assert (model["status"], model["segments"], why.status_code) == ("failed", [], 409)


def test_who_is_erased_while_a_fit_runs_belongs_nowhere(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    begun = started(service, clusters=3, m=1.5)
    job = service.reads(jobs.job_of, MERCHANT, begun.id)
    assert "buyer-0" not in job.input, "the process that computes knows nobody's id"
    found = json.loads(json.dumps(training.train(json.loads(job.input), lambda _: None)))

    service.hears(BuyerErased(tenant=MERCHANT, buyer_id="buyer-004"))
    service.does(fits.record_fit, job, found)

    def kept(session: Session) -> set[str]:
        return set(session.scalars(select(Membership.subject)))

    everybody = {f"buyer-{n:03}" for n in range(30)}
    assert service.reads(kept) == everybody - {"buyer-004"}
    shares = {place: each["memberships"] for place, each in enumerate(found["subjects"])}

    def placed(session: Session) -> dict[str, list[float]]:
        rows = session.scalars(select(Membership))
        return {row.subject: sorted(row.shares.values()) for row in rows}

    order = sorted(everybody)
    for subject, own in service.reads(placed).items():
        assert own == sorted(shares[order.index(subject)]), "nobody has taken another's place"


def test_an_erased_buyers_orders_and_what_befell_them_are_gone(service: RunningService) -> None:
    service.hears(*shop(), *bought("a"), *bought("b", 20), *bought("c", 3, 50))
    started(service, clusters=2)

    service.hears(BuyerErased(tenant=MERCHANT, buyer_id="a"))

    def counts(session: Session) -> dict[str, int]:
        tables = (OrderFact, OrderMark, SnapshotRow)
        return {
            table.__tablename__: session.execute(
                select(func.count()).select_from(table)
            ).scalar_one()
            for table in tables
        }

    assert service.reads(counts) == {"order_fact": 2, "order_mark": 2, "snapshot_row": 2}


def consent(sequence: int, *purposes: str, buyer: str = "buyer-003") -> Event:
    return ConsentChanged(
        tenant=MERCHANT, sequence=sequence, buyer_id=buyer,
        purposes={purpose: now() for purpose in purposes},
    )  # fmt: skip


def test_a_consent_counts_as_it_was_last_said_whatever_comes_late(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    with service.client() as client:
        model = published(client)
        depths = {each["segment_id"]: "10" for each in model["segments"]}
        made = does(client, "/v1/offers", offer(depth_by_segment=depths))
        path = f"/v1/offers/{made['offer_id']}/preview"
        seen = [get(client, path)["consenting"]]
        for said in (
            [consent(1, "marketing"), consent(1, "marketing", buyer="nobody")],
            [consent(3, "statistics")],  # marketing was withdrawn
            [consent(2, "marketing", "statistics")],  # and this was said before that
            [consent(4, "marketing")],
            [BuyerErased(tenant=MERCHANT, buyer_id="buyer-003"), consent(5, "marketing")],
        ):
            service.hears(*said)
            seen.append(get(client, path)["consenting"])

    assert seen == [0, 1, 0, 0, 1, 0]


def test_one_segment_is_everybody_and_its_indices_are_null(service: RunningService) -> None:
    service.hears(*shop(), *history(12))
    with service.client() as client:
        model = published(client, clusters=1)
        found = get(client, "/v1/memberships/buyer-003")
        rows = {"rows": [dict.fromkeys(model["segments"][0]["profile"], 1.0)]}
        told = does(client, f"/v1/segment-models/{model['model_id']}/predictions", rows)["data"]

    alone = model["segments"][0]
    assert (alone["mass_share"], alone["value_share"]) == (1, 1)
    assert set(model["indices"].values()) == {None}
    assert (model["structure"], model["is_collapsed"]) == (None, False)
    assert (found["shares"], found["is_mixed"]) == ({alone["segment_id"]: 1.0}, False)
    assert told[0]["shares"] == {alone["segment_id"]: 1.0}


def test_a_constant_feature_is_dropped_and_named_and_none_left_is_told(
    service: RunningService,
) -> None:
    service.hears(*shop(), *history(12))
    with service.client() as client:
        model = fitted(client, features=["monetary", "offer_share"])
        assert model["dropped"] == {"offer_share": "constant"}
        job = _ended(client, features=["offer_share"], clusters=1)
    assert job["status"] == "failed"
    assert "every feature is constant" in job["problem"]


def _ended(client: TestClient, **asked: Any) -> dict[str, Any]:
    begun = client.post("/v1/segment-models", json=asked, headers=signed_in()).json()
    return finished(client, f"/v1/segmentation/jobs/{begun['id']}", signed_in())


def test_a_snapshot_of_nobody_is_refused_before_a_job_is_made(service: RunningService) -> None:
    service.hears(*shop())
    with service.client() as client:
        refused = client.post("/v1/segment-models", json={}, headers=signed_in())
        assert get(client, "/v1/segment-models")["data"] == []
    assert refused.json()["errors"][0]["pointer"] == "/cutoff"
