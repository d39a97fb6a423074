"""Orders of the time before Hansa: said as they were, once, all or none."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.orders import OrderCancelled, OrderCompleted, OrderPaid, OrderPlaced
from contracts.values import Money
from services.orders.app import SERVICE
from services.orders.commands.history import record_history
from services.orders.jobs import parse_history
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, finished, signed_in

HEADER = "order,placed_at,buyer_id,market,destination,sku,quantity,value,currency,status,ended_at"
FIRST = "A-1,2025-12-01T10:00:00+01:00,ada,DE,DE,TEA,2,25.00,EUR,completed,2025-12-20T10:00:00Z"
AND_CUP = "A-1,2025-12-01T10:00:00+01:00,ada,DE,DE,CUP,1,8.00,EUR,completed,2025-12-20T10:00:00Z"
SECOND = "A-2,2026-01-05T09:00:00Z,bob,JP,JP,TEA,1,1800,JPY,cancelled,2026-01-06T09:00:00Z"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def imported(service: RunningService, *rows: str, header: str = HEADER) -> dict[str, Any]:
    """The report of one file, parsed and recorded as its job would."""
    content = base64.b64encode("\n".join([header, *rows]).encode()).decode()
    read = parse_history(
        {"name": "orders.csv", "zipped": False, "content": content}, lambda _: None
    )
    result: dict[str, Any] = service.does(record_history, SimpleNamespace(tenant=MERCHANT), read)
    return result


def test_a_past_order_is_said_as_it_was_and_the_same_file_again_says_nothing(
    service: RunningService,
) -> None:
    first = imported(service, FIRST, AND_CUP, SECOND)
    again = imported(service, SECOND, FIRST, AND_CUP)

    assert (first["imported"], again["imported"], again["unchanged"]) == (2, 0, 2)
    said: list[Any] = list(service.said())
    placed, paid, completed, other, cancelled = said
    assert isinstance(placed, OrderPlaced)
    assert placed.imported
    assert placed.at == datetime(2025, 12, 1, 9, tzinfo=UTC)
    assert placed.values == {"l0": Money.of(2500, "EUR"), "l1": Money.of(800, "EUR")}
    assert placed.goods == Money.of(3300, "EUR")
    assert (type(paid), type(completed)) == (OrderPaid, OrderCompleted)
    assert completed.at == datetime(2025, 12, 20, 10, tzinfo=UTC)
    assert other.goods == Money.of(1800, "JPY")
    assert isinstance(cancelled, OrderCancelled)


def test_a_file_is_taken_by_a_job_and_seen_by_its_merchant_only(service: RunningService) -> None:
    with service.client() as client:
        content = "\n".join([HEADER, FIRST, SECOND])
        headers = signed_in() | {"Content-Type": "text/csv"}
        job = client.post("/v1/order-imports", content=content, headers=headers).json()
        finished(client, f"/v1/orders/jobs/{job['id']}", signed_in())

        own = client.get("/v1/order-imports", headers=signed_in()).json()["data"]
        others = client.get("/v1/order-imports", headers=signed_in(tenant=OTHER_MERCHANT)).json()

    assert [(each["reference"], each["imported"]) for each in own] == [("A-2", True), ("A-1", True)]
    assert others["data"] == []


WRONG = {
    "two rows disagree": ([FIRST, AND_CUP.replace("ada", "bob")], 3, "buyer_id", "differs"),
    "one SKU twice": ([FIRST, FIRST], 3, "sku", "duplicate"),
    "no such currency": ([FIRST.replace("EUR", "EUX")], 2, "currency", "value_error"),
    "a float's digits": ([FIRST.replace("25.00", "25.005")], 2, "value", "too_exact"),
    "money below nothing": ([FIRST.replace("25.00", "-1")], 2, "value", "string_pattern_mismatch"),
    "a naive time": ([FIRST.replace("+01:00", "")], 2, "placed_at", "timezone_aware"),
    "ended before it began": ([FIRST.replace("2025-12-20", "2025-11-20")], 2, "ended_at",
                              "impossible"),
    "not yet ended": ([FIRST.replace("2025-12-20", "2999-12-20")], 2, "ended_at", "impossible"),
    "a short row": ([FIRST, "A-2,x"], 3, "", "wrong_length"),
    "no row": ([], 1, "", "empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_row_and_nothing_is_imported(service: RunningService, case: str) -> None:
    rows, row, column, code = WRONG[case]

    report = imported(service, *rows, SECOND) if rows else imported(service)

    found = [(error["row"], error["column"], error["code"]) for error in report["errors"]]
    assert (row, column, code) in found
    assert service.said() == []
    assert imported(service, SECOND)["imported"] == 1


def test_history_does_not_change(service: RunningService) -> None:
    imported(service, FIRST)

    report = imported(service, FIRST.replace("25.00", "26.00"), SECOND)

    assert [error["code"] for error in report["errors"]] == ["immutable"]
    assert [type(event) for event in service.said()] == [OrderPlaced, OrderPaid, OrderCompleted]


def test_a_header_that_lacks_a_column_is_told(service: RunningService) -> None:
    report = imported(service, FIRST, header=HEADER.replace("buyer_id", "buyer"))

    assert [error["column"] for error in report["errors"]] == ["buyer_id"]
