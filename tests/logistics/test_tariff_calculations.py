"""The public way to calculate a case: the reference cases as anybody would send them."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.logistics.app import SERVICE
from tests.logistics.test_tariff_cases import CASES
from tests.running import RunningService, signed_in

WHERE = "/v1/tariffs/calculations"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    running = RunningService(SERVICE, tmp_path_factory.mktemp("calculations"))
    with running.client() as found:
        yield found
    running.close()


def calculated(client: TestClient, body: bytes) -> tuple[int, Any]:
    answer = client.post(WHERE, content=body, headers=signed_in("anonymous"))
    return answer.status_code, json.loads(answer.content, parse_float=Decimal)


@pytest.mark.skipif(not CASES.is_file(), reason="../shared is missing: cases/landed_cost")
def test_every_reference_case_comes_out_through_the_public_route(client: TestClient) -> None:
    wrong = {}
    for line in CASES.read_text(encoding="utf-8").splitlines():
        expected = json.loads(line, parse_float=Decimal)["expected"]
        status, told = calculated(client, b'{"case": ' + line.encode() + b"}")
        asserted = {key: value for key, value in expected.items() if value is not None}
        if status != 200 or {key: told["got"].get(key) for key in asserted} != asserted:
            wrong[told.get("id")] = told

    assert wrong == {}


MINIMAL = {
    "id": "mine", "jurisdiction": "XX", "date": "2026-01-01", "customs_value": 100,
    "currency": "EUR", "shipping": 0, "insurance": 0, "valuation_basis": "CIF",
    "measures": [{"role": "base", "components": [{"op": "+", "pct": 10.005}]}],
    "expected": {"duty_unrounded": None, "duty": None},
}  # fmt: skip


def test_all_digits_come_back(client: TestClient) -> None:
    assert calculated(client, json.dumps({"case": MINIMAL}).encode()) == (
        200,
        {"id": "mine", "got": {"duty_unrounded": Decimal("10.005"), "duty": Decimal("10.01")}},
    )


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"\xff", ""),
        (b'{"case": NaN}', ""),
        (b"[" * 100_000, ""),
        (b"{}", "/case"),
        (b"[]", "/case"),
        (b'{"case": 3}', "/case"),
        (json.dumps({"case": MINIMAL | {"customs_value": True}}).encode(), "/case"),
        (json.dumps({"case": MINIMAL | {"expected": {"profit": 1}}}).encode(), "/case"),
        (json.dumps({"case": MINIMAL | {"customs_value": 1}}).replace(": 1,", ": 1e999999,", 1)
         .encode(), "/case"),
    ],
)  # fmt: skip
def test_what_is_no_case_is_refused_with_its_place(
    client: TestClient, body: bytes, pointer: str
) -> None:
    status, told = calculated(client, body)

    assert status == 422, told
    assert [error["pointer"] for error in told["errors"]] == [pointer]
