"""Whatever cannot be computed is refused with its place and a remedy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from services.segmentation.app import SERVICE
from services.segmentation.domain.fcm import FuzzyCMeans
from tests.running import RunningService, signed_in
from tests.segmentation.world import history, published, shop

FIT = "/v1/segmentation/calculations/fit"
GOOD: dict[str, Any] = {"rows": [[0, 0], [0, 1], [9, 9], [9, 8]], "clusters": 2}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    service = RunningService(SERVICE, tmp_path_factory.mktemp("bad"))
    service.hears(*shop(), *history(12))
    with service.client() as running:
        yield running
    service.close()


@pytest.mark.parametrize(
    ("wrong", "pointer", "said"),
    [
        ({"rows": [[0, "x"], [1, 2]]}, "/rows/0/1", "number"),
        ({"rows": [[0, None], [1, 2]]}, "/rows/0/1", "number"),
        ({"rows": [[0, 1], [1]]}, "/", "row 1 has 1 columns, 2 are needed"),
        ({"rows": []}, "/rows", "at least 1"),
        ({"rows": [[1, 1]] * 3}, "/rows", "1 distinct rows, 2 clusters asked"),
        ({"clusters": 0}, "/clusters", "greater than or equal to 1"),
        ({"clusters": 2.5}, "/clusters", "integer"),
        ({"m": 1.001}, "/m", "greater than 1.001"),
        ({"weights": [0, 0, 0, 0]}, "/", "all weights are zero"),
        ({"weights": [1, 1, 1, -1]}, "/weights/3", "greater than or equal to 0"),
        ({"weights": [1, 1]}, "/", "2 weights for 4 rows"),
        ({"init": [[0, 0]]}, "/init", "expected"),
        ({"init": [[1, 1], [1, 1]]}, "/init", "equal rows"),
        ({"unknown": 1}, "/unknown", "not permitted"),
    ],
)
def test_a_fit_on_bad_rows_is_refused_with_its_place(
    client: TestClient, wrong: dict[str, Any], pointer: str, said: str
) -> None:
    refused = client.post(FIT, json=GOOD | wrong, headers=signed_in())

    assert refused.status_code == 422, refused.text
    errors = refused.json()["errors"]
    assert [each["pointer"] for each in errors] == [pointer]
    assert said in errors[0]["message"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_what_is_no_number_is_refused_with_its_place(client: TestClient, number: str) -> None:
    body = f'{{"rows": [[0, 1], [2, {number}]], "clusters": 2}}'
    headers = signed_in() | {"Content-Type": "application/json"}
    refused = client.post(FIT, content=body, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/rows/1/1"


def test_a_prediction_of_other_features_is_refused_with_its_place(client: TestClient) -> None:
    path = f"/v1/segment-models/{published(client)['model_id']}"
    names = client.get(path, headers=signed_in()).json()["segments"][0]["profile"]
    good = dict.fromkeys(names, 1.0)
    for row, pointer in (
        (good | {"shoe_size": 44.0}, "/rows/1/shoe_size"),
        ({name: 1.0 for name in good if name != "monetary"}, "/rows/1"),
        (good | {"monetary": "much"}, "/rows/1/monetary"),
    ):
        refused = client.post(
            f"{path}/predictions", json={"rows": [good, row]}, headers=signed_in()
        )
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "x", [[["a", "b"], ["c", "d"]], np.array([[1, "x"], [2, 3]], object), [[1, 2], [3]], [1, 2, 3]]
)
def test_an_estimator_takes_numbers_in_rows_of_one_length_only(x: Any) -> None:
    with pytest.raises(ValueError, match=r"float|shape|2D"):
        FuzzyCMeans(2).fit(x)
