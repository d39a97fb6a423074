"""Words, languages and opt-out tokens of notifications."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.notifications import (
    TITLE_LENGTH,
    Wording,
    best_language,
    meant_by,
    opt_out_token,
    worded,
)
from tests.running import KEYS


@given(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_whatever_an_event_carries_a_title_is_one_short_line(text: str, value: Any) -> None:
    said = worded(Wording("a $x b $y", "$$ $x"), {"x": text, "z": value})

    assert len(said.title) <= TITLE_LENGTH
    assert len(said.title.splitlines()) <= 1
    assert said.text == f"$ {text}"


def test_the_reader_s_language_comes_first_and_some_language_always() -> None:
    assert best_language("de-AT", ["fr"], ["de", "de-AT", "fr"]) == "de-AT"
    assert best_language("de-AT", ["fr"], ["de", "fr"]) == "de"
    assert best_language("it", ["fr", "de"], ["de", "en"]) == "de"
    assert best_language("it", [], ["de", "en"]) == "en"
    assert best_language("it", [], ["pl", "cs"]) == "cs"


@given(st.text(max_size=60))
def test_a_token_that_is_not_ours_means_nobody(token: str) -> None:
    assert meant_by(token, KEYS[0]) is None
    ours = opt_out_token("mer_1", "buyer", "anna", KEYS[0])
    assert meant_by(ours, KEYS[0]) == ("mer_1", "buyer", "anna")
    assert meant_by(ours, b"another key") is None
