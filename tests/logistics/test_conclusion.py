"""What a shipment that has ended comes to: each fact that ratings are made of, or that it is not
known.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from chassis.inbound import Delivery
from contracts.logistics import ShipmentBooked, ShipmentConcluded, ShipmentMoved
from contracts.servqual import Capability, ProviderChanged
from services.logistics.commands import connections, tracking
from services.logistics.domain.tracking.conclusion import Conclusion, Parcel, conclusion
from services.logistics.domain.tracking.fold import fold
from services.logistics.domain.tracking.scan import Entry, Scan, Source, scan_of
from services.logistics.domain.tracking.time import read_time
from services.logistics.models.shipping import Shipment
from services.logistics.schemas.tracking import NewConnection
from services.servqual.domain.telemetry import Conclusion as Heard
from services.servqual.domain.telemetry import trials
from tests.logistics.carrying import booked, carrying
from tests.running import MERCHANT, RunningService, caller


def scan(
    status: str, at: str | None, reason: str | None = None, heard_after: timedelta | None = None
) -> Scan:
    """`heard_after` the scan's own time; at once if it is not given."""
    moment = read_time(at)
    happened = (
        datetime.fromisoformat(moment.utc) if moment.utc else datetime(2026, 12, 1, tzinfo=UTC)
    )
    source = Source(
        "hansa", "trk_1", "con_1", "confirmed", happened + (heard_after or timedelta(0))
    )
    return scan_of(Entry(code=status, reason=reason, at=moment, text=f"{status} {at}"), source)


def parcel(*scans: Scan) -> Parcel:
    return Parcel(fold(scans), scans)


def concluded(
    *parcels: Parcel, status: str = "delivered", to: str = "DE", promised: date | None = None
) -> Conclusion:
    return conclusion(parcels, status, to, promised)


PICKED = scan("picked_up", "2026-12-01T10:00:00+08:00")
HELD = scan("customs_hold", "2026-12-03T09:00:00+01:00", "documents_missing")
CLEARED = scan("customs_cleared", "2026-12-05T08:00:00+01:00")
DELAYED = scan("delayed", "2026-12-05T12:00:00+01:00", "weather", timedelta(hours=30))
OUT = scan("out_for_delivery", "2026-12-07T07:00:00+01:00")
MISSED = scan("attempt_failed", "2026-12-07T10:00:00+01:00", "consignee_absent")
GIVEN = scan("delivered", "2026-12-08T23:30:00+01:00")
FIRST = parcel(PICKED, HELD, CLEARED, DELAYED, OUT, MISSED, GIVEN)
SECOND = parcel(
    scan("in_transit", "2026-12-02T10:00:00+08:00", None, timedelta(hours=25)),
    scan("delivered", "2026-12-07T09:00:00+01:00"),
)


def test_every_fact_of_two_parcels_is_told() -> None:
    found = concluded(FIRST, SECOND, promised=date(2026, 12, 7))

    assert found == Conclusion(
        at=datetime(2026, 12, 8, 22, 30, tzinfo=UTC),
        ended_on=date(2026, 12, 8),
        complete=None,  # all came; nobody said they were the right goods
        reasons=("consignee_absent", "documents_missing", "weather"),
        attempts=3,
        attempted_first=False,
        customs_days=2,
        customs_queries=1,
        milestones_expected=4,
        milestones_received=2.0,  # of the second nothing was heard in time
        exceptions=3,
        exceptions_notified=3,
    )


def test_what_nobody_reported_stays_unknown() -> None:
    lost = concluded(
        parcel(PICKED, scan("lost", "2026-12-20T00:00:00+00:00", "lost")), status="lost"
    )
    assert (lost.attempted_first, lost.customs_queries, lost.ended_on) == (None, None, None)
    assert (lost.complete, lost.attempts, lost.milestones_expected) == (False, 0, 1)

    timeless = concluded(parcel(PICKED, scan("delivered", None)))
    assert (timeless.at, timeless.ended_on, timeless.attempted_first) == (None, None, True)
    half = concluded(parcel(PICKED, scan("delivered", None)), SECOND)
    assert half.ended_on is None  # the other may have come later

    nothing = concluded()
    assert (nothing.at, nothing.attempted_first, nothing.milestones_expected) == (None, None, 0)


def test_a_parcel_that_did_not_come_leaves_the_shipment_incomplete() -> None:
    voided = parcel(scan("label_created", "2026-12-01T09:00:00+01:00"),
                    scan("cancelled", "2026-12-09T09:00:00+01:00"))  # fmt: skip
    found = concluded(SECOND, voided)
    assert (found.complete, found.ended_on) == (False, date(2026, 12, 7))


@pytest.mark.parametrize(
    ("written", "to", "day"),
    [
        ("2026-12-08T20:00:00-05:00", "US", date(2026, 12, 8)),  # 9 December in UTC
        ("2026-12-08T22:00:00-08:00", "US", date(2026, 12, 8)),  # 9 December in the capital
        ("2026-12-08T22:00:00Z", "JP", date(2026, 12, 9)),  # a clock in UTC
        ("2026-12-08T23:00:00+00:00", "GB", date(2026, 12, 8)),
        ("2026-12-08T22:00:00", "JP", date(2026, 12, 8)),  # as written there
        ("2026-12-08", "JP", date(2026, 12, 8)),
    ],
)
def test_it_ended_on_the_day_of_the_destination(written: str, to: str, day: date) -> None:
    assert concluded(parcel(PICKED, scan("delivered", written)), to=to).ended_on == day


def test_lateness_that_nobody_told_before_is_an_exception_in_silence() -> None:
    told = concluded(parcel(PICKED, DELAYED, GIVEN), promised=date(2026, 12, 7))
    assert (told.exceptions, told.exceptions_notified) == (1, 1)
    silent = concluded(parcel(PICKED, GIVEN), promised=date(2026, 12, 7))
    assert (silent.exceptions, silent.exceptions_notified) == (1, 0)
    too_late = concluded(parcel(PICKED, DELAYED, GIVEN), promised=date(2026, 12, 4))
    assert (too_late.exceptions, too_late.exceptions_notified) == (2, 1)
    for promised in (None, date(2026, 12, 8)):
        assert concluded(parcel(PICKED, GIVEN), promised=promised).exceptions == 0


@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(random: Random) -> None:
    shuffled = [
        parcel(*random.sample(each.scans, len(each.scans)))
        for each in random.sample([FIRST, SECOND], 2)
    ]
    promised = date(2026, 12, 7)
    assert concluded(*shuffled, promised=promised) == concluded(FIRST, SECOND, promised=promised)


# as it is said


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = carrying(tmp_path)
    yield running
    running.close()


class Carrier:
    """Reports of one shipment, as they are taken in."""

    def __init__(
        self, service: RunningService, shipment: ShipmentBooked, source: str = "webhook"
    ) -> None:
        new = NewConnection(provider="hansa")
        self.connection = service.does(connections.connect, caller(), new).connection_id
        self.service, self.numbers, self._count = service, shipment.tracking_numbers, 0
        self._source = source

    def says(self, *scans: tuple[str, str], number: int = 0, retracts: str = "") -> list[Any]:
        """What logistics says of (status, time) each."""
        self._count += 1
        told: dict[str, Any] = {"tracking_number": self.numbers[number]}
        if retracts:
            told |= {"scan_id": retracts, "reason": "mistaken"}
        else:
            told["scans"] = [
                {"scan_id": f"{status} {at}", "status": status, "occurred_at": at}
                for status, at in scans
            ]
        kind = "scan-retracted" if retracts else "scans"
        body = {"id": f"evt_{self._count}", "type": f"hansa.tracking.{kind}.v1", "data": told}
        headers = {"webhook-id": f"evt_{self._count}"}
        delivery = Delivery(
            f"idl_{self._count}", self.connection, MERCHANT, datetime.now(UTC), self._source,
            headers, json.dumps(body).encode(),
        )  # fmt: skip
        self.service.does(tracking.process, delivery)
        return [
            event
            for event in self.service.said()
            if isinstance(event, ShipmentMoved | ShipmentConcluded)
        ]


TAKEN = ("picked_up", "2026-11-02T10:00:00+01:00")
ARRIVED = ("delivered", "2026-11-06T15:00:00-05:00")


def test_an_ended_shipment_is_concluded_with_all_that_logistics_knows(
    service: RunningService,
) -> None:
    shipment = booked(service)
    able = Capability(service=shipment.service, customs_brokerage=True)
    service.hears(
        ProviderChanged(
            tenant="platform", sequence=1, provider_id=shipment.provider_id, title="P",
            status="approved", capabilities=(able,),
        )
    )  # fmt: skip
    carrier = Carrier(service, shipment)
    hold = ("customs_hold", "2026-11-03T10:00:00-05:00")
    clearance = ("customs_cleared", "2026-11-04T10:00:00-05:00")
    (moved,) = carrier.says(TAKEN, hold, clearance)
    assert isinstance(moved, ShipmentMoved)

    moved, said = carrier.says(ARRIVED)

    assert isinstance(said, ShipmentConcluded)
    assert said.sequence > moved.sequence
    assert (said.service, said.origin, said.destination) == (shipment.service, "DE", "US")
    assert said.ended_on == date(2026, 11, 6)
    assert said.at == datetime(2026, 11, 6, 20, tzinfo=UTC)
    assert (said.is_broker, said.customs_days, said.customs_queries) == (True, 1, 0)
    assert said.milestones["delivered"] == "2026-11-06T15:00:00-05:00"
    heard = {name: getattr(said, name) for name in Heard.__dataclass_fields__}
    metrics = {each.metric for each in trials(Heard(**heard))}
    assert metrics == {"loss_damage", "first_attempt", "customs_first_pass", "scan_compliance"}


def test_it_is_said_again_only_where_a_late_report_changes_it(service: RunningService) -> None:
    carrier = Carrier(service, booked(service))
    carrier.says(TAKEN)
    _, first = carrier.says(ARRIVED)

    assert carrier.says(ARRIVED) == []
    assert carrier.says(("in_transit", "2026-11-03T10:00:00+01:00")) == []

    (again,) = carrier.says(("attempt_failed", "2026-11-05T10:00:00-05:00"))
    assert (first.revision, again.revision) == (1, 2)
    assert (first.attempted_first, again.attempted_first) == (True, False)
    assert again.sequence > first.sequence

    moved, undone = carrier.says(retracts=" ".join(ARRIVED))
    assert (moved.status, undone.status, undone.revision) == ("attempt_failed", undone.status, 3)
    assert undone.status == "attempt_failed"


def test_attempts_are_those_of_all_parcels(service: RunningService) -> None:
    shipment = booked(service)
    tracker = tracking.register_tracker
    dates = (date(2026, 11, 1), None)
    service.does(tracker, MERCHANT, None, "HN2", shipment.shipment_id, dates)
    carrier = Carrier(service, shipment)
    carrier.numbers = (*shipment.tracking_numbers, "HN2")
    missed = [("attempt_failed", f"2026-11-0{day}T10:00:00-05:00") for day in (3, 4)]
    carrier.says(TAKEN, *missed, ARRIVED)

    _, said = carrier.says(TAKEN, missed[0], ARRIVED, number=1)

    assert isinstance(said, ShipmentConcluded)
    assert said.attempts == 5


def test_what_nobody_signed_is_no_part_of_a_conclusion(service: RunningService) -> None:
    shipment = booked(service)
    carrier = Carrier(service, shipment)
    carrier.says(TAKEN)
    _, said = carrier.says(ARRIVED)

    unsigned = Carrier(service, shipment, "unsigned")

    assert unsigned.says(("attempt_failed", "2026-11-05T10:00:00-05:00")) == []
    assert (said.attempts, said.attempted_first) == (1, True)


def test_nobody_clears_goods_that_cross_no_customs_border(service: RunningService) -> None:
    """The way is changed under it: the sample's goods all leave the union."""
    shipment = booked(service)
    able = Capability(service=shipment.service, customs_brokerage=True)
    service.hears(
        ProviderChanged(
            tenant="platform", sequence=1, provider_id=shipment.provider_id, title="P",
            status="approved", capabilities=(able,),
        )
    )  # fmt: skip
    service.does(_goes_to, shipment.shipment_id, "FR")
    carrier = Carrier(service, shipment)

    said = carrier.says(TAKEN, ARRIVED)[-1]

    assert (said.destination, said.is_broker) == ("FR", False)


def _goes_to(session: Session, shipment_id: str, country: str) -> None:
    session.get_one(Shipment, shipment_id).destination = country
