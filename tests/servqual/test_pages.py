"""The survey and the scorecard as people see them: rendered, sent, and in a real browser."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from chassis.app import create_app
from chassis.db import now, settings_of
from services.servqual import pages
from services.servqual.app import SERVICE
from services.servqual.domain import invitations
from services.servqual.domain.instrument import FORMS, Fault, form_of
from services.servqual.domain.instrument.wording import LANGUAGES
from services.servqual.domain.telemetry import METRICS
from services.servqual.models.evidence import Invitation, Response
from services.servqual.pages import words
from tests.browser import DESKTOP, PHONE, browser, faults_of, fits, page_of, shot
from tests.gateway.upstream import serving
from tests.running import RunningService, signed_in
from tests.servqual.world import booked, concluded, provisional


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    provisional(running)
    yield running
    running.close()


def invited(service: RunningService, form: str = "short", shipment_id: str = "shp_1") -> str:
    """The token of an invitation that was sent just now."""
    service.hears(booked(shipment_id), concluded(shipment_id))

    def send(session: Any) -> str:
        invitation_id = f"inv_{shipment_id}"
        token = invitations.token(settings_of(session).master_keys[0], invitation_id)
        for row in session.query(Invitation).filter_by(shipment_id=shipment_id):
            session.delete(row)
        session.flush()
        session.add(
            Invitation(
                invitation_id=invitation_id, tenant="mer_1", shipment_id=shipment_id,
                provider_id="silkroad", person="mer_1", questionnaire="1", form=form, rotation=0,
                token_hash=invitations.token_hash(token), state="sent", drawn_at=now(),
                sent_at=now(), due_at=None, closes_at=now() + timedelta(days=21),
            )
        )  # fmt: skip
        return token

    token: str = service.does(send)
    return token


def responses(service: RunningService) -> list[dict[str, Any]]:
    return service.reads(lambda session: [row.answers for row in session.query(Response)])  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_shown_in_every_language(language: str, form: Any) -> None:
    """Undefined words raise; what a person typed is text, never markup."""
    faults = [Fault(pointer, "off-scale", "") for pointer in ("/perception/REL1", "/zone/REL")]
    survey = pages.Survey(
        "<b>Silk & Road</b>", "shp_1", form_of(form), {"satisfaction": '"><script>'}, faults
    )

    page = pages.survey_page(survey, language)

    assert f'lang="{language}"' in page
    assert "&lt;b&gt;Silk &amp; Road&lt;/b&gt;" in page
    assert "<script" not in page
    assert "{" not in page.partition("</style>")[2]  # no word is left to be filled in


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_has_a_name_in_every_language(language: str) -> None:
    assert set(METRICS) == set(words.METRICS[language])
    assert set(words.WORDS["en"]) == set(words.WORDS[language])


def sent(client: TestClient, token: str, **fields: str) -> Any:
    return client.post(f"/v1/surveys/{token}", data=fields, headers=signed_in("anonymous"))


def test_what_the_form_sends_is_the_answer_and_the_link_is_used_up(
    service: RunningService,
) -> None:
    token = invited(service, "full")
    points = {"REL": "40", "RES": "20", "ASS": "20", "EMP": "10", "TAN": "10"}
    fields = {"perception.REL1": "6", "perception.TAN4": "2", "perception.RES1": ""}
    fields |= {f"importance.{name}": each for name, each in points.items()}
    with service.client() as client:
        thanked = sent(client, token, **fields, satisfaction="5", language="de", other="x")
        again = sent(client, token, satisfaction="5", language="de")
        opened = client.get(f"/v1/surveys/{token}", headers=signed_in("anonymous"))

    assert (thanked.status_code, again.status_code, opened.status_code) == (200, 410, 410)
    assert "Vielen Dank" in thanked.text
    assert thanked.headers["cache-control"] == "no-store"
    (answers,) = responses(service)
    assert answers["perception"] == {"REL1": 6, "TAN4": 2}
    assert answers["importance"] == {name: int(each) for name, each in points.items()}
    assert answers["satisfaction"] == 5


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"perception.REL1": "8"},
        {"perception.REL1": "9" * 5000},
        {"perception.REL1": "six"},
        {"perception.REL1": "5", "importance.REL": "50"},
        {"perception.REL1": "5", "perception.REL11": "5"},
        {"perception.REL1": "5", "zone.REL.minimum": "3"},
    ],
)
def test_a_fault_comes_back_with_what_was_chosen_and_nothing_is_stored(
    service: RunningService, fields: dict[str, str]
) -> None:
    token = invited(service, "full")
    with service.client() as client:
        refused = sent(client, token, satisfaction="7", **fields)

    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert 'name="satisfaction" value="7" checked' in refused.text
    assert responses(service) == []


def test_a_link_that_never_was_is_told_kindly(service: RunningService) -> None:
    with service.client() as client:
        headers = signed_in("anonymous") | {"Accept-Language": "fr, zh-CN;q=0.8"}
        gone = client.get(f"/v1/surveys/{'0' * 64}", headers=headers)

    assert gone.status_code == 410
    assert 'lang="zh"' in gone.text


@pytest.mark.xdist_group("browser")
def test_a_person_answers_by_keyboard_on_a_phone_and_at_a_desk(
    service: RunningService, tmp_path: Path
) -> None:
    """And axe-core finds nothing, nothing sticks out, and the policy lets the style through."""
    headers = signed_in("anonymous")
    tokens = [invited(service, "short", "shp_1"), invited(service, "paired", "shp_2")]
    with serving(create_app(SERVICE, service.settings)) as url, browser() as chromium:
        for token, size in zip(tokens, (PHONE, DESKTOP), strict=True):
            with page_of(chromium, size, headers) as page:
                page.goto(f"{url}/v1/surveys/{token}?lang=de")
                assert (faults_of(page), fits(page)) == ([], True)
                shot(page, tmp_path, f"survey-{size[0]}")
                page.locator('input[name="perception.REL1"]').first.focus()
                page.keyboard.press("ArrowRight")
                page.get_by_role("button", name="Antworten senden").press("Enter")
                page.get_by_role("heading", name="Vielen Dank").wait_for()
                assert faults_of(page) == []
        with page_of(chromium, PHONE, headers) as page:
            page.goto(f"{url}/v1/scorecards/silkroad/page")
            assert (faults_of(page), fits(page)) == ([], True)
            shot(page, tmp_path, "scorecard")

    assert [each["perception"] for each in responses(service)] == [{"REL1": 2}, {"REL1": 2}]
