"""Shipments of the time before Hansa: each said as concluded, once, all or none."""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.logistics import ShipmentConcluded
from services.logistics.app import SERVICE
from services.logistics.commands.history import record_shipments
from services.logistics.jobs.history import parse_shipments
from tests.running import MERCHANT, RunningService

HEADER = (
    "shipment,order,provider,service,origin,destination,promised_on,status,ended_at,attempts,"
    "damaged,complete,customs_days"
)
LATE = "S-1,A-1,prv_1,world,DE,US,2026-03-10,delivered,2026-03-14T23:30:00-05:00,2,false,true,1"
LOST = "S-2,A-2,prv_2,postal,DE,FR,,lost,2026-04-01T00:00:00Z,,false,,0"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def imported(service: RunningService, *rows: str) -> dict[str, Any]:
    content = base64.b64encode("\n".join([HEADER, *rows]).encode()).decode()
    given = {"name": "shipments.csv", "zipped": False, "content": content}
    read = parse_shipments(given, lambda _: None)
    result: dict[str, Any] = service.does(record_shipments, SimpleNamespace(tenant=MERCHANT), read)
    return result


def test_a_past_shipment_is_said_as_it_ended_and_what_is_not_known_stays_unknown(
    service: RunningService,
) -> None:
    first, again = imported(service, LATE, LOST), imported(service, LOST)

    assert (first["imported"], again["imported"], again["unchanged"]) == (2, 0, 1)
    said: list[Any] = list(service.said())
    late, lost = said
    assert isinstance(late, ShipmentConcluded)
    assert (late.reported_by, late.revision, late.order_id) == ("import", 1, "A-1")
    assert late.at == datetime(2026, 3, 15, 4, 30, tzinfo=UTC)
    assert late.ended_on == date(2026, 3, 14)  # in the destination's calendar
    assert (late.attempts, late.attempted_first, late.complete) == (2, False, True)
    assert (lost.promised_on, lost.attempted_first, lost.complete) == (None, None, None)


WRONG = {
    "not yet ended": (LATE.replace("2026-03-14", "2999-03-14"), "ended_at", "impossible"),
    "naive": (LATE.replace("-05:00", ""), "ended_at", "timezone_aware"),
    "never attempted": (LATE.replace(",2,false", ",0,false"), "", "value_error"),
    "no such country": (LATE.replace("US", "XX"), "destination", "value_error"),
    "still on its way": (LATE.replace("delivered", "in_transit"), "status", "literal_error"),
    "short": ("S-1,A-1", "", "wrong_length"),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_row_and_nothing_is_imported(service: RunningService, case: str) -> None:
    row, column, code = WRONG[case]

    report = imported(service, LOST, row)

    found = [(error["row"], error["column"], error["code"]) for error in report["errors"]]
    assert found == [(3, column, code)]
    assert service.said() == []
    assert imported(service, LOST)["imported"] == 1


def test_history_does_not_change_and_no_number_stands_twice(service: RunningService) -> None:
    imported(service, LATE)
    service.said()

    changed = imported(service, LATE.replace("2026-03-10", "2026-03-20"), LOST)
    twice = imported(service, LOST, LOST)

    assert [error["code"] for error in changed["errors"]] == ["immutable"]
    assert [error["code"] for error in twice["errors"]] == ["duplicate"]
    assert service.said() == []
