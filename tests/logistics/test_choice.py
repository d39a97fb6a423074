"""The choice as a whole: promise before score, rated before unrated, the merchant's word, and
prices of several currencies.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.servqual import RatingChanged, Theta
from services.logistics.domain.shipping.anchors import anchors_for
from services.logistics.domain.shipping.choice import (
    Decision,
    Known,
    Placed,
    Policy,
    PolicyKind,
    Wanted,
    decide,
)
from services.logistics.domain.shipping.exchange import converted
from services.logistics.domain.shipping.promise import Promise
from services.logistics.domain.shipping.rates import Offer, Rates

DAY = date(2026, 12, 1)
ANCHORS = anchors_for("DE", "US", "standard", 1000)
RATES = {"EUR": Decimal(1), "USD": Decimal("1.25"), "JPY": Decimal(160)}
ANYBODY = Wanted(None, "", None)


def offer(provider: str, price_minor: int, days: int = 5, currency: str = "EUR") -> Offer:
    due = DAY + timedelta(days=days)
    return Offer(
        provider, "world", "1", "standard", currency, price_minor, (), (), "Z",
        Promise(DAY, due, due), (),
    )  # fmt: skip


def rating(
    provider: str, rating: float = 70, on_time: dict[str, float] | None = None
) -> RatingChanged:
    shares = {"*": 0.9} if on_time is None else on_time
    return RatingChanged(
        provider_id=provider, tenant="platform", sequence=1, rating=rating, sd=2,
        without_reliability=rating, without_reliability_sd=2, dimensions={},
        on_time={lane: Theta(value=value, sd=0.02, n=50) for lane, value in shares.items()},
        loss_damage=Theta(value=0.005, sd=0.001, n=50), grade="medium", is_insufficient=False,
        model="sq-1", as_of=datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip


def known(*ratings: RatingChanged, **changed: Any) -> Known:
    told: dict[str, Any] = {
        "lane": "DE-US", "anchors": ANCHORS, "provisional": frozenset(), "rates": RATES,
        "ratings": {each.provider_id: each for each in ratings},
    }  # fmt: skip
    return Known(**(told | changed))


def chosen(offers: Sequence[Offer], what: Known, wanted: Wanted = ANYBODY) -> Decision:
    return decide(Rates(tuple(offers), ()), what, wanted)


def names(decision: Decision) -> list[str]:
    return [each.offer.provider for each in decision.placed]


def placed(decision: Decision, provider: str) -> Placed:
    return next(each for each in decision.placed if each.offer.provider == provider)


providers = st.sampled_from("abcdef")
some_offers = st.lists(
    st.builds(
        offer, providers, st.integers(500, 9000), st.integers(1, 12),
        st.sampled_from(["EUR", "USD", "CHF"]),
    ),
    min_size=1, max_size=6, unique_by=lambda each: each.provider,
)  # fmt: skip
some_ratings = st.lists(
    st.builds(rating, providers, st.floats(0, 100)), max_size=5, unique_by=lambda r: r.provider_id
)
some_wanted = st.builds(
    lambda days, kind, explore: Wanted(
        "a", "world", days and DAY + timedelta(days=days),
        Policy(kind, "b" if kind == "fixed" else None), explore,
    ),
    st.none() | st.integers(1, 12), st.sampled_from(["best", "cheapest", "fastest", "fixed"]),
    st.booleans(),
)  # fmt: skip


@given(some_offers, some_ratings, some_wanted)
def test_whatever_the_policy_what_keeps_the_promise_is_first_and_nothing_is_lost(
    offers: list[Offer], ratings: list[RatingChanged], wanted: Wanted
) -> None:
    what = known(*ratings, provisional=frozenset("ce"))

    decision = chosen(offers, what, wanted)

    lateness = [each.is_late for each in decision.placed]
    assert lateness == sorted(lateness)
    answered = names(decision) + [each.provider for each in decision.excluded]
    assert sorted(answered) == sorted(each.provider for each in offers)
    assert all(each.because for each in decision.placed)
    assert all(each.reasons for each in decision.excluded)
    assert sum(bool(each.ranked and each.ranked.is_exploration) for each in decision.placed) <= 1


@given(some_offers, some_ratings, some_wanted, st.data())
def test_no_offer_changes_the_score_of_another(
    offers: list[Offer], ratings: list[RatingChanged], wanted: Wanted, data: st.DataObject
) -> None:
    fewer = data.draw(st.lists(st.sampled_from(offers), min_size=1, unique_by=lambda o: o.provider))
    whole = chosen(offers, known(*ratings), wanted)

    for each in chosen(fewer, known(*ratings), wanted).placed:
        if each.ranked:
            other = placed(whole, each.offer.provider).ranked
            assert other
            assert other.scored == each.ranked.scored


def test_a_dearer_one_that_is_rated_better_goes_first_and_the_other_is_told_why_not() -> None:
    what = known(rating("dear", 85, {"*": 0.97}), rating("cheap", 60, {"*": 0.80}))

    decision = chosen([offer("cheap", 1500), offer("dear", 1900)], what)

    assert names(decision) == ["dear", "cheap"]
    loser = placed(decision, "cheap")
    assert loser.ranked
    assert loser.ranked.why_not == ("p_on_time", "rating")
    assert "loses by p_on_time and rating" in loser.because
    assert "the best" in decision.placed[0].because


def test_a_share_of_the_lane_comes_before_that_of_all_lanes_and_says_so() -> None:
    """A is better on all lanes, worse on this one."""
    what = known(rating("a", 70, {"*": 0.95, "DE-US": 0.75}), rating("b", 70, {"*": 0.9}))

    decision = chosen([offer("a", 1500), offer("b", 1500)], what)

    assert names(decision) == ["b", "a"]
    sources = {
        each.offer.provider: each.ranked.scored.candidate.values["p_on_time"].source  # type: ignore[index]
        for each in decision.placed
        if each.ranked
    }
    assert sources == {"a": "share on time of DE-US", "b": "share on time over all lanes"}


def test_rated_go_before_unrated_and_among_these_the_cheapest_that_keeps_the_promise() -> None:
    """`shareless` is rated, but nobody said how often it is on time: nothing is guessed."""
    what = known(rating("rated", 50), rating("shareless", 99, {"CN-DE": 0.99}))
    offers = [
        offer("late", 100, 9), offer("dear", 3000), offer("cheap", 1500),
        offer("rated", 4000), offer("shareless", 2000),
    ]  # fmt: skip

    decision = chosen(offers, what, Wanted(None, "", DAY + timedelta(days=5)))

    assert names(decision) == ["rated", "cheap", "shareless", "dear", "late"]
    assert [each.ranked is None for each in decision.placed] == [False, True, True, True, True]
    assert decision.placed[-1].because == "unrated; 4 days later than promised"


def test_the_quoted_service_goes_first_among_unrated_of_one_price() -> None:
    offers = [offer("a", 1500), offer("b", 1500)]
    assert names(chosen(offers, known())) == ["a", "b"]
    assert names(chosen(offers, known(), Wanted("b", "world", None))) == ["b", "a"]


@pytest.mark.parametrize(
    ("kind", "first"),
    [("best", "good"), ("cheapest", "cheap"), ("fastest", "quick"), ("fixed", "own")],
)
def test_the_merchant_says_how_it_is_chosen(kind: PolicyKind, first: str) -> None:
    offers = [
        offer("cheap", 1000, 6), offer("good", 1600, 5), offer("quick", 4000, 2),
        offer("own", 5000, 5), offer("late", 10, 9),
    ]  # fmt: skip
    what = known(
        rating("cheap", 45, {"*": 0.75}), rating("good", 90, {"*": 0.98}), rating("quick", 60),
        rating("own", 40), rating("late", 99, {"*": 0.99}),
    )  # fmt: skip
    promised = DAY + timedelta(days=6)
    policy = Policy(kind, "own" if kind == "fixed" else None)

    decision = chosen(offers, what, Wanted(None, "", promised, policy))

    assert names(decision)[0] == first
    assert names(decision)[-1] == "late"
    if kind == "fixed":
        assert names(decision)[1] == "good"  # the fall-back is the best of the others
        gone = chosen(offers[:3], what, Wanted(None, "", promised, policy))
        assert names(gone)[0] == "good"


def test_a_fixed_provider_that_would_be_late_is_not_first() -> None:
    offers = [offer("own", 1000, 9), offer("other", 4000, 3)]
    wanted = Wanted(None, "", DAY + timedelta(days=4), Policy("fixed", "own"))
    assert names(chosen(offers, known(), wanted)) == ["other", "own"]


def test_exploration_is_marked_told_and_never_late() -> None:
    what = known(rating("old", 70), rating("new", 65), provisional=frozenset({"new"}))
    wanted = Wanted(None, "", DAY + timedelta(days=5), explore=True)

    explored = chosen([offer("old", 1500), offer("new", 1500)], what, wanted)
    assert names(explored) == ["new", "old"]
    assert "given a chance" in explored.placed[0].because

    late = chosen([offer("old", 1500), offer("new", 1500, 6)], what, wanted)
    assert names(late) == ["old", "new"]
    both = chosen([offer("old", 1500, 6), offer("new", 1500, 6)], what, wanted)
    assert names(both) == ["old", "new"]


def test_prices_of_several_currencies_are_compared_in_one() -> None:
    """20.00 USD are 16.00 EUR and 2,400 JPY are 15.00 EUR."""
    offers = [offer("usd", 2000, currency="USD"), offer("eur", 1700),
              offer("jpy", 2400, currency="JPY")]  # fmt: skip

    decision = chosen(offers, known())

    assert decision.currency == "EUR"
    assert [(each.offer.provider, each.priced.minor) for each in decision.placed] == [
        ("jpy", 1500), ("usd", 1600), ("eur", 1700),
    ]  # fmt: skip


def test_a_price_without_a_rate_is_excluded_and_never_nothing() -> None:
    decision = chosen([offer("chf", 1, currency="CHF"), offer("eur", 1700)], known())

    assert names(decision) == ["eur"]
    (gap,) = decision.excluded[0].reasons
    assert (decision.excluded[0].provider, gap.code) == ("chf", "rate-unknown")
    assert "CHF" in gap.detail


def test_offers_of_one_currency_need_no_rate_but_are_not_scored_without_one() -> None:
    offers = [offer("b", 900, currency="CHF"), offer("a", 1000, currency="CHF")]
    decision = chosen(offers, known(rating("a", 99)))

    assert (decision.currency, names(decision)) == ("CHF", ["b", "a"])
    assert not any(each.ranked for each in decision.placed)


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "USD", "JPY"]))
def test_there_and_back_a_price_is_off_by_less_than_the_coarser_unit(
    minor: int, currency: str
) -> None:
    there = converted(minor, currency, "EUR", RATES)
    assert there is not None
    back = converted(there, "EUR", currency, RATES)
    assert back is not None
    assert abs(back - minor) <= 1
    assert converted(minor, currency, currency, {}) == minor
    assert converted(minor, "CHF", "EUR", RATES) is None
