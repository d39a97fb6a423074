"""A fit that chooses the number of segments, and tells why; or that there are none."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from contracts.event import Event
from services.segmentation.app import SERVICE
from services.segmentation.domain.artefact import opened
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, finished, signed_in
from tests.segmentation.world import bought, fitted, get, history, published, shop

FREE = {"clusters": None, "m": None}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def test_a_model_is_chosen_by_its_selection_which_tells_why(service: RunningService) -> None:
    service.hears(*shop(), *history(90))
    with service.client() as client:
        model = published(client, **FREE, most_clusters=5)
        path = f"/v1/segment-models/{model['model_id']}"
        why = get(client, f"{path}/selection")
        text = client.get(f"{path}/artefact", headers=signed_in()).text
        hidden = client.get(f"{path}/selection", headers=signed_in(tenant=OTHER_MERCHANT))
        listed = get(client, "/v1/segments")["data"]

    document = opened(text)
    table = {each["clusters"]: each for each in why["candidates"]}
    assert list(table) == [2, 3, 4, 5]
    best = table[why["chosen"]]
    assert best["mean_rank"] == min(
        each["mean_rank"] for each in table.values() if each["mean_rank"]
    )
    assert best["refused"] == []
    assert (why["chosen_by"], why["asked_by"], why["rows"]) == ("platform", MERCHANT, 90)
    assert why["reason"].startswith(f"{why['chosen']} segments: best mean rank")
    assert len(why["structure"]["references"]) == 20
    assert len(model["segments"]) == len(document["centres"]) == why["chosen"]
    assert model["structure"] == ("groups" if why["structure"]["is_grouped"] else "continuum")
    assert (model["m"], model["stability"]) == (best["m"], best["stability"])
    assert model["indices"] == pytest.approx(best["indices"], rel=1e-3)
    assert document["selection"]["candidates"] == why["candidates"]
    assert [each["found_again"] for each in listed] == pytest.approx(best["found_again"])
    assert hidden.status_code == 404


def cloud(buyers: int) -> list[Event]:
    """One order each, of any day and any value: nobody is of a kind."""
    random = np.random.default_rng(0)
    said: list[Event] = []
    for n, (day, value) in enumerate(random.normal(size=(buyers, 2))):
        said += bought(f"buyer-{n:03}", 100 + 15 * day, round(10_000 * 1.2**value))
    return said


def test_no_stable_segments_is_an_answer_and_no_model_is_forced(service: RunningService) -> None:
    service.hears(*shop(), *cloud(150))
    asked = FREE | {"features": ["recency_days", "monetary"], "fewest_clusters": 5}
    with service.client() as client:
        model = fitted(client, **asked)
        path = f"/v1/segment-models/{model['model_id']}"
        why = get(client, f"{path}/selection")
        refused = [
            client.post(f"{path}/publish", headers=signed_in()).status_code,
            client.get(f"{path}/artefact", headers=signed_in()).status_code,
        ]
        job = finished(client, f"/v1/segmentation/jobs/{model['job_id']}", signed_in())
        forced = fitted(client, **asked | {"clusters": 3, "m": 1.5})
        chosen = get(client, f"/v1/segment-models/{forced['model_id']}/selection")

    assert (model["status"], model["segments"], why["chosen"]) == ("undivided", [], None)
    assert why["reason"].startswith("no stable segments: of 4 tried, ")
    assert job["result"]["summary"] == why["reason"]
    assert refused == [409, 409]
    assert (forced["status"], len(forced["segments"])) == ("draft", 3)
    assert (chosen["chosen"], chosen["chosen_by"]) == (3, "merchant")
    assert forced["structure"] == "continuum"
    assert all(each["name"].startswith("band ") for each in forced["segments"])


def test_a_selection_is_not_there_before_its_fit(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    with service.client() as client:
        started = client.post("/v1/segment-models", json={}, headers=signed_in()).json()
        path = f"/v1/segment-models/{started['model_id']}"
        early = client.get(f"{path}/selection", headers=signed_in())
        wrong = [
            client.post("/v1/segment-models", json=body, headers=signed_in()).status_code
            for body in (
                {"fewest_clusters": 5, "most_clusters": 4}, {"most_clusters": 11}, {"clusters": 0},
                {"fewest_clusters": 1}, {"clusters": 31},
            )
        ]  # fmt: skip
        client.delete(f"/v1/segmentation/jobs/{started['id']}", headers=signed_in())

    assert early.json()["type"] == "urn:hansa:problem:no-selection"
    assert wrong == [422] * 5
