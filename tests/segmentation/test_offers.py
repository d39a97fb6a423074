"""Who gets how much, who is held out, and what an offer did."""

import hashlib
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from services.segmentation.domain.effect import effect
from services.segmentation.domain.offers import Outcome, arm_of, depth_of, margin_left

TEN = Decimal(10)
TENTH = Decimal("0.1")


def test_a_tenth_is_held_out_by_a_hash_that_anyone_can_check() -> None:
    arms = Counter(arm_of("off_1", f"buyer{n}", TENTH) for n in range(20_000))

    assert arms["hold_out"] / 20_000 == pytest.approx(0.1, abs=0.007)
    digest = hashlib.sha256(b"off_1\0buyer7").hexdigest()
    place = Decimal(int(digest[:16], 16)) / 2**64
    assert arm_of("off_1", "buyer7", place) == "offer"
    assert arm_of("off_1", "buyer7", place + Decimal("1e-9")) == "hold_out"


def test_offers_hold_out_different_buyers() -> None:
    buyers = [f"b{n}" for n in range(5000)]
    held = [{b for b in buyers if arm_of(o, b, TENTH) == "hold_out"} for o in ("off_1", "off_2")]

    both = len(held[0] & held[1])
    assert 20 < both < 90, "as many as chance puts in both"


@pytest.mark.parametrize(("share", "arm"), [("0", "offer"), ("1", "hold_out")])
def test_nobody_or_everybody_may_be_held_out(share: str, arm: str) -> None:
    assert {arm_of("off", f"b{n}", Decimal(share)) for n in range(500)} == {arm}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_depth_stays_in_its_bounds_and_on_its_steps(shares: list[float]) -> None:
    total = sum(shares) or 1.0
    memberships = {f"s{k}": share / total for k, share in enumerate(shares)}
    depths = {f"s{k}": Decimal(5 * k) for k in range(len(shares))}

    found = depth_of(memberships, depths, Decimal(20), Decimal("0.5"))

    assert 0 <= found <= 20
    assert found % Decimal("0.5") == 0
    exact = min(20.0, sum(float(depths[s]) * u for s, u in memberships.items()))
    assert exact - 0.5 - 1e-6 <= float(found) <= exact + 1e-6


def test_equal_depths_are_not_lost_to_rounding() -> None:
    """Thirds sum to 0.9999...; a floor right after would take a step away."""
    memberships = {"a": 1 / 3, "b": 1 / 3, "c": 0.1, "d": 0.23333333333333328}

    assert depth_of(memberships, dict.fromkeys(memberships, TEN), TEN, Decimal("0.5")) == 10


def test_a_segment_without_a_depth_adds_none() -> None:
    assert depth_of({"a": 0.5, "b": 0.5}, {"a": TEN}, TEN, Decimal(1)) == 5


@pytest.mark.parametrize(
    ("gross", "depth", "left"), [("40", "10", "33.33"), ("40", "40", "0.00"), ("40", "100", "-100")]
)
def test_a_margin_is_of_what_is_then_paid(gross: str, depth: str, left: str) -> None:
    assert margin_left(Decimal(gross), Decimal(depth)) == Decimal(left)


def outcomes(seed: int = 1, lift: float = 0.0, n: int = 400) -> list[Outcome]:
    random = np.random.default_rng(seed)
    found = []
    for at in range(n):
        arm = arm_of("off", f"b{at}", Decimal("0.3"))
        u = float(random.random())
        value = int(random.gamma(2, 500) + (lift * u if arm == "offer" else 0))
        found.append(Outcome(arm, value, {"s1": u, "s2": 1 - u}))
    return found


def test_the_interval_is_welchs() -> None:
    found = outcomes(lift=300)
    arms = [[e.value_minor for e in found if e.arm == arm] for arm in ("offer", "hold_out")]
    expected = ttest_ind(*arms, equal_var=False).confidence_interval(0.95)

    result = effect(found)

    assert (result.low, result.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert (result.n_offer, result.n_hold_out) == tuple(map(len, arms))


def test_a_segments_effect_weighs_by_membership() -> None:
    found = outcomes(lift=2000, n=4000)

    whole, most, least = effect(found), effect(found, "s1"), effect(found, "s2")

    assert most.difference is not None
    assert whole.difference is not None
    assert least.difference is not None
    assert most.difference > whole.difference > least.difference
    u = np.array([each.memberships["s1"] for each in found if each.arm == "hold_out"])
    assert most.effective_hold_out == pytest.approx(u.sum() ** 2 / (u**2).sum())


def test_with_weights_of_one_a_segment_is_everybody() -> None:
    found = [Outcome(e.arm, e.value_minor, {"all": 1.0}) for e in outcomes()]

    assert effect(found, "all") == effect(found)


def test_without_a_lift_the_interval_holds_nothing_as_often_as_it_says() -> None:
    results = [effect(outcomes(seed)) for seed in range(200)]

    covered = [r.low <= 0 <= r.high for r in results if r.low is not None and r.high is not None]
    assert 0.91 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize("arms", [[], ["offer"] * 5, ["offer"] * 5 + ["hold_out"]])
def test_too_few_to_tell_is_no_effect_rather_than_none(arms: list[str]) -> None:
    result = effect([Outcome(arm, 100, {}) for arm in arms])  # type: ignore[arg-type]

    assert (result.difference, result.low) == (None, None)
