"""A provider's way from registration to approval, into a lapse and back; who may do what."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from chassis.http import PageAsked, Problem
from contracts.event import Event
from contracts.servqual import ProviderChanged, ProviderDocumentExpiring
from services.servqual import jobs
from services.servqual.app import SERVICE
from services.servqual.queries import providers as queries
from services.servqual.queries import qualification as reviews
from services.servqual.queries.ratings import states
from services.servqual.schemas.providers import ScreeningIn
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, signed_in
from tests.servqual import world


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def standing(service: RunningService, provider_id: str = "silkroad") -> Any:
    return service.reads(queries.show_provider, provider_id)


def told(service: RunningService) -> list[ProviderChanged]:
    return [event for event in service.said() if isinstance(event, ProviderChanged)]


def at_noon(days: int) -> datetime:
    day = world.today() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_a_provider_goes_from_registration_to_approval(service: RunningService) -> None:
    world.approved(service)

    said = told(service)
    assert list(dict.fromkeys(event.status for event in said)) == [
        "applied", "documents_submitted", "under_review", "provisional", "approved",
    ]  # fmt: skip
    assert [event.sequence for event in said] == list(range(1, len(said) + 1))
    assert said[0].eligible_until == world.today() - timedelta(days=1)  # nothing shown yet
    assert said[-1].eligible_until == world.today() + timedelta(days=30)  # its screening
    assert said[-1].insured_up_to is not None
    assert said[-1].insured_up_to.amount == "5000.00"
    assert said[-1].gates["informatisation"] == "waived"
    assert said[-1].weekly_cap is None
    assert {event.weekly_cap for event in said if event.status == "provisional"} == {50}
    rows = service.reads(queries.transitions, world.FIRST, "silkroad", page()).data
    assert [(row.to, row.actor, row.second is not None) for row in reversed(rows)] == [
        ("applied", "provider", False),
        ("documents_submitted", "provider", False),
        ("under_review", "operator", False),
        ("provisional", "operator", True),
        ("approved", "operator", True),
    ]
    assert rows[0].evidence["insurance"][0] == "pass"


def page() -> Any:
    return PageAsked()


def test_a_lapse_acts_before_it_is_written_and_a_renewal_brings_back(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.approved(service, insured_days=20)
    service.said()

    later = at_noon(21)
    monkeypatch.setattr(queries, "now", lambda: later)
    assert standing(service).status == "approved"  # nobody has written it yet
    assert not standing(service).is_eligible
    service.does(jobs.sweep_expiries, later)
    service.does(jobs.sweep_expiries, later)
    assert standing(service).status == "suspended"
    (suspended,) = told(service)
    assert suspended.status == "suspended"
    row = service.reads(queries.transitions, world.FIRST, "silkroad", page()).data[0]
    assert (row.actor, row.reason) == ("system", "no longer in force: insurance")

    monkeypatch.undo()
    world.shows(service, "silkroad", "insurance", 300, covers="5000.00 EUR")
    assert standing(service).status == "approved"
    assert standing(service).is_eligible
    assert [event.status for event in told(service)][-1] == "approved"


def test_only_what_lapsed_comes_back_by_itself(service: RunningService) -> None:
    world.approved(service)
    world.moved(service, world.FIRST, "silkroad", "suspended", "too many complaints")

    world.shows(service, "silkroad", "insurance", 300)
    service.does(jobs.sweep_expiries, at_noon(0))

    assert standing(service).status == "suspended"
    world.decided(service, "silkroad", to="approved")
    assert standing(service).status == "approved"


def test_an_open_hit_stops_a_provider_at_once(service: RunningService) -> None:
    world.provisional(service)
    hit = ScreeningIn(kind="screening", on=world.today(), open_hits=1)

    world.checked(service, "silkroad", hit)

    assert standing(service).status == "suspended"
    assert not standing(service).is_eligible


def test_reminders_are_sent_once_each(service: RunningService) -> None:
    world.approved(service, insured_days=40)
    service.said()

    for days in (5, 10, 11, 26, 27, 38):
        service.does(jobs.sweep_expiries, at_noon(days))
    reminders = [e for e in service.said() if isinstance(e, ProviderDocumentExpiring)]
    assert [(event.kind, event.days_left) for event in reminders] == [
        ("insurance", 30), ("insurance", 14), ("insurance", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("to", "code"), [("approved", "not-possible"), ("provisional", "second-person")]
)
def test_nobody_opens_a_way_alone(service: RunningService, to: str, code: str) -> None:
    world.registered(service)
    world.papers(service, "silkroad")
    world.moved(service, world.provider_caller(), "silkroad", "documents_submitted")
    world.moved(service, world.FIRST, "silkroad", "under_review")

    with pytest.raises(Problem, match=code):
        world.moved(service, world.FIRST, "silkroad", to)


def test_closed_gates_are_named_and_nothing_is_said(service: RunningService) -> None:
    world.registered(service)
    for kind in ("identity", "licence", "data_agreement", "insurance"):
        world.shows(service, "silkroad", kind)
    world.moved(service, world.provider_caller(), "silkroad", "documents_submitted")
    world.moved(service, world.FIRST, "silkroad", "under_review")
    service.said()

    with pytest.raises(Problem) as refused:
        world.decided(service, "silkroad", to="provisional")

    assert [error.pointer for error in refused.value.errors] == ["sanctions"]
    assert service.said() == []
    found = service.reads(reviews.qualification, world.FIRST, "silkroad")
    assert [each.confirmed_by for each in found.decisions] == [None]


def first() -> dict[str, str]:
    """Signed when it is used: an identity is believed for a minute only."""
    return signed_in("operator", MERCHANT)


def second() -> dict[str, str]:
    return signed_in("operator", OTHER_MERCHANT)


def provider() -> dict[str, str]:
    return signed_in("provider", subject="silkroad")


def other() -> dict[str, str]:
    return signed_in("provider", subject="other")


def send(client: TestClient, method: str, path: str, who: dict[str, str], **sent: Any) -> Any:
    return client.request(method, f"/v1{path}", headers=who, **sent)


DATES = {"valid_from": "2020-01-01", "valid_to": "2099-01-01"}
PAPER = {"kind": "licence", "number": "1", "issuer": "A", **DATES}


def test_the_same_person_twice_is_one_person(service: RunningService) -> None:
    world.provisional(service)
    with service.client() as client:
        asked = {"to": "revoked", "reason": "fraud"}
        made = send(
            client, "POST", "/qualifications/silkroad/decisions", first(), json=asked
        ).json()
        path = f"/qualifications/silkroad/decisions/{made['decision_id']}/confirm"

        refused = send(client, "POST", path, first())
        assert (refused.status_code, refused.json()["type"]) == (
            403, "urn:hansa:problem:same-person",
        )  # fmt: skip
        assert send(client, "POST", path, second()).status_code == 200
        assert send(client, "POST", path, second()).status_code == 200
        assert send(client, "GET", "/providers/silkroad", first()).json()["status"] == "revoked"
        after = send(
            client, "POST", "/providers/silkroad/transitions", first(), json={"to": "applied"}
        )
        assert after.status_code == 409
        assert "nothing" in after.json()["detail"]


@pytest.mark.parametrize(
    ("changed", "media", "body", "status", "pointer"),
    [
        ({"valid_to": "2019-01-01"}, "application/pdf", world.PDF[1], 422, "valid_to"),
        ({"valid_from": "2018-01-01", "valid_to": "2019-01-01"}, "application/pdf",
         world.PDF[1], 422, "valid_to"),
        ({"kind": "poem"}, "application/pdf", world.PDF[1], 422, "kind"),
        ({"covers": "12.345 EUR"}, "application/pdf", world.PDF[1], 422, "covers"),
        ({"number": ""}, "application/pdf", world.PDF[1], 422, "number"),
        ({}, "text/html", b"<b>", 415, "Content-Type"),
        ({}, "image/png", world.PDF[1], 415, "Content-Type"),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused_with_its_place(
    service: RunningService, changed: dict[str, str], media: str, body: bytes, status: int,
    pointer: str,
) -> None:  # fmt: skip
    world.registered(service)
    with service.client() as client:
        sent = provider() | {"Content-Type": media}
        refused = send(
            client, "POST", "/providers/silkroad/documents", sent, params=PAPER | changed,
            content=body,
        )  # fmt: skip

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)


def test_a_document_is_kept_as_it_came_and_has_a_limit(service: RunningService) -> None:
    world.registered(service)
    with service.client() as client:
        path = "/providers/silkroad/documents"
        sent = provider() | {"Content-Type": "application/pdf"}
        huge = b"%PDF-" + b"x" * (20 << 20)
        assert send(client, "POST", path, sent, params=PAPER, content=huge).status_code == 413
        made = send(client, "POST", path, sent, params=PAPER, content=world.PDF[1]).json()
        file = send(client, "GET", f"{path}/{made['document_id']}/file", first())

        assert (file.content, file.headers["content-type"]) == (world.PDF[1], "application/pdf")
        assert send(client, "GET", path, other()).status_code == 404
        assert send(client, "GET", f"{path}/{made['document_id']}/file", other()).status_code == 404


def test_a_provider_reads_and_changes_itself_alone(service: RunningService) -> None:
    world.registered(service)
    body = {"capabilities": [{"service": "express"}]}
    with service.client() as client:
        for who, status in ((other(), 404), (signed_in(), 403), (provider(), 200)):
            path = "/providers/silkroad/capabilities"
            assert send(client, "PUT", path, who, json=body).status_code == status
        assert send(client, "GET", "/qualifications/silkroad", other()).status_code == 404
        assert send(client, "GET", "/qualifications", provider()).status_code == 403
        seen = send(client, "GET", "/providers/silkroad", signed_in())
        assert seen.json()["capabilities"][0]["service"] == "express"
        stale = provider() | {"If-Match": '"1"'}
        assert send(client, "PUT", "/providers/silkroad/lanes", stale,
                    json={"lanes": []}).status_code == 412  # fmt: skip
        work = send(client, "GET", "/qualifications", first()).json()["data"]
        assert [line["provider_id"] for line in work] == ["silkroad"]


def test_states_say_every_provider_again(service: RunningService) -> None:
    world.approved(service)
    last: Event = service.said()[-1]

    again = service.reads(lambda session: list(states(session)))

    assert again == [last]
