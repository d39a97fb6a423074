"""The questionnaire and whom it is sent to."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.servqual.domain import invitations
from services.servqual.domain.instrument import (
    DIMENSIONS,
    FORMS,
    ITEMS,
    Answers,
    faults,
    form_of,
)
from services.servqual.domain.instrument.forms import ROTATIONS
from services.servqual.domain.instrument.wording import CLAUSES, LANGUAGES, NAMES, STEMS

ENDED = datetime(2026, 11, 26, 12, tzinfo=UTC)
EVEN = {"REL": 20, "RES": 20, "ASS": 20, "EMP": 20, "TAN": 20}
levels = st.one_of(st.none(), st.integers(1, 7))


def test_short_forms_ask_every_item_equally_often() -> None:
    asked = Counter[str]()
    for rotation in range(ROTATIONS):
        form = form_of("short", rotation)
        asked.update(form.perception)
        for items in DIMENSIONS.values():
            assert len(set(items) & set(form.perception)) == {5: 3, 4: 2}[len(items)]

    for items in DIMENSIONS.values():
        share = {5: 12, 4: 10}[len(items)]
        assert {asked[item] for item in items} == {share}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_every_clause(language: str) -> None:
    assert set(CLAUSES[language]) == set(ITEMS)
    assert len(set(CLAUSES[language].values())) == 22
    assert set(NAMES[language]) == set(DIMENSIONS)
    named = [name for _, name, _, _ in Formatter().parse(STEMS[language]["perception"]) if name]
    assert named == ["provider"]


@given(st.data())
def test_answers_of_their_form_are_taken(data: st.DataObject) -> None:
    form = form_of(data.draw(st.sampled_from(FORMS)), data.draw(st.integers(0, 19)))
    given_levels = {item: data.draw(levels) for item in form.perception}
    answers = Answers(
        perception=given_levels,
        expectation=dict.fromkeys(form.expectation, 7),
        importance=EVEN if form.importance else None,
        zone={"REL": (3, 3)} if form.zone else {},
        satisfaction=data.draw(levels),
    )

    nothing = not form.expectation and all(value is None for value in given_levels.values())
    assert [fault.code for fault in faults(form, answers)] == ["nothing-answered"] * nothing


@pytest.mark.parametrize("wrong", [0, 8, -1, 3.5, "5", True, 5.0])
def test_only_whole_numbers_of_the_scale_are_levels(wrong: Any) -> None:
    form = form_of("full")
    good = Answers(perception={"REL1": 5})

    assert [f.pointer for f in faults(form, replace(good, perception={"REL1": wrong}))] == [
        "/perception/REL1"
    ]
    assert [f.pointer for f in faults(form, replace(good, satisfaction=wrong))] == ["/satisfaction"]


@pytest.mark.parametrize(
    ("form", "changed", "pointer"),
    [
        ("full", {"perception": {"REL9": 5}}, "/perception/REL9"),
        ("full", {"expectation": {"REL1": 5}}, "/expectation/REL1"),
        ("short", {"perception": {"REL5": 5}}, "/perception/REL5"),
        ("short", {"importance": EVEN}, "/importance"),
        ("full", {"importance": {**EVEN, "REL": 19}}, "/importance"),
        ("full", {"importance": {**EVEN, "ALL": 0}}, "/importance/ALL"),
        ("full", {"importance": {**EVEN, "REL": -1, "RES": 41}}, "/importance/REL"),
        ("full", {"zone": {"REL": (1, 2)}}, "/zone"),
        ("zone", {"zone": {"REL": (5, 4)}}, "/zone/REL"),
        ("zone", {"zone": {"REL": (0, 4)}}, "/zone/REL"),
        ("zone", {"zone": {"ALL": (1, 4)}}, "/zone/ALL"),
        ("full", {"perception": {"REL1": None}, "satisfaction": 7}, "/perception"),
    ],
)
def test_a_fault_has_its_place(form: Any, changed: dict[str, Any], pointer: str) -> None:
    answers = replace(Answers(perception={"REL1": 4}), **changed)

    assert pointer in [fault.pointer for fault in faults(form_of(form, 0), answers)]


def test_importance_names_all_five_or_none() -> None:
    four = dict.fromkeys(list(EVEN)[:4], 25)
    found = faults(form_of("full"), Answers(perception={"REL1": 4}, importance=four))

    assert [fault.pointer for fault in found] == ["/importance/TAN"]


def test_the_draw_keeps_its_rate_and_repeats() -> None:
    key, other = b"k" * 32, b"o" * 32
    names = [f"shp_{number}" for number in range(4000)]
    drawn = {name: invitations.draw(key, name, 0.25, ENDED) for name in names}
    chosen = [each for each in drawn.values() if each is not None]

    assert 900 < len(chosen) < 1100
    assert {name: invitations.draw(key, name, 0.25, ENDED) for name in names} == drawn
    again = [name for name in names if invitations.draw(other, name, 0.25, ENDED)]
    assert len(set(again) & {name for name in names if drawn[name]}) < 400  # as chance has it
    waits = [each.send_at - ENDED for each in chosen]
    assert timedelta(hours=24) <= min(waits) < timedelta(hours=26)
    assert timedelta(hours=70) < max(waits) < timedelta(hours=72)
    assert 60 < sum(each.form == "paired" for each in chosen) < 140
    assert {each.rotation for each in chosen} == set(range(20))


@given(st.integers(0, 100_000), st.integers(0, 5000), st.data())
def test_the_rate_aims_at_thirty_answers(concluded: int, sent: int, data: st.DataObject) -> None:
    answered = data.draw(st.integers(0, sent))
    share = invitations.rate(concluded, sent, answered)

    expected = concluded * share * (answered + 2) / (sent + 10)
    assert 0 < share <= 1
    assert share == 1 or expected == pytest.approx(30)


def test_a_token_is_made_again_only_with_the_key() -> None:
    shown = invitations.token(b"k" * 32, "inv_1")
    assert len(bytes.fromhex(shown)) == 32
    assert shown == invitations.token(b"k" * 32, "inv_1")
    assert shown not in (
        invitations.token(b"o" * 32, "inv_1"),
        invitations.token(b"k" * 32, "inv_2"),
    )
    assert invitations.token_hash(shown) != shown
