"""Facts fold the same in any order of arrival; features are defined for everyone who has bought."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.segmentation.domain.facts import Line, Mark, Order, fold, late_days
from services.segmentation.domain.features import LOGGED, NAMES, SnapshotKey, snapshot

CUTOFF = datetime(2026, 7, 1, tzinfo=UTC)
KEY = SnapshotKey(CUTOFF, CUTOFF, "EUR", ("DE",), (("USD", "0.9"), ("JPY", "0.006")))
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def line(order: str, *, buyer: str = "b", days: float = 10, number: int = 0, **more: Any) -> Line:
    known: dict[str, Any] = {
        "market": "DE", "destination": "DE", "chapter": "09", "value_minor": 1000,
        "currency": "EUR", "has_offer": False,
    }  # fmt: skip
    at = CUTOFF - timedelta(days=days)
    return Line(order, f"l{number}", buyer, occurred_at=at, **(known | more))


def mark(order: str, kind: Any, ref: str = "", days: float = 9, **more: Any) -> Mark:
    at = CUTOFF - timedelta(days=days)
    return Mark(order, kind, ref, more.pop("revision", 0), at, **more)


def taken(lines: list[Line], marks: list[Mark], key: SnapshotKey = KEY) -> dict[str, Any]:
    found = snapshot(fold(lines, marks, key.cutoff), key)
    return {
        subject: dict(zip(NAMES, row, strict=True))
        for subject, row in zip(found.subjects, found.rows, strict=True)
    } | dict(found.left_out)


def test_only_these_are_ever_known_of_a_buyer() -> None:
    """No name, no address below the country, no age, sex, religion, health."""
    assert NAMES == (
        "recency_days", "frequency", "monetary", "tenure_days", "interval_median_days",
        "basket_value", "basket_lines", "return_rate", "cross_border_share", "markets",
        "category_entropy", "offer_share", "late_share",
    )  # fmt: skip
    assert set(NAMES) >= LOGGED
    assert set(Order._fields) == {
        "order_id", "buyer_id", "market", "destination", "currency", "placed_at", "lines", "state",
        "refunded_minor", "returned_lines", "late_days",
    }  # fmt: skip


def test_one_buyer_counted_by_hand() -> None:
    lines = [
        line("o1", days=100),
        line("o1", days=100, number=1, chapter="61", value_minor=3000, has_offer=True),
        line("o2", days=40, destination="US", currency="USD", value_minor=2000),
        line("o3", days=10),
        line("o4", days=5, value_minor=99_999),
        line("o5", buyer="c", days=20),
    ]
    marks = [
        *(mark(order, "paid", days=4) for order in ("o1", "o2", "o3", "o4", "o5")),
        mark("o4", "cancelled"),
        mark("o1", "refunded", "r1", amount_minor=500, lines={"l1": 1}),
        mark("o1", "delivered", "s1", late_days=2),
        mark("o2", "delivered", "s2", late_days=0),
        mark("o5", "delivered", "s3", late_days=None),
    ]

    row = taken(lines, marks)["b"]

    value = 4000 + 1800 + 1000
    p = 1 / 5  # one line of five came back
    assert row == pytest.approx(
        {
            "recency_days": 10, "frequency": 3, "monetary": value - 500, "tenure_days": 100,
            "interval_median_days": 45, "basket_value": 1800, "basket_lines": 1,
            "return_rate": (1 + 5 * p) / 9, "cross_border_share": 1800 / value, "markets": 2,
            "category_entropy": -sum(s * math.log(s) for s in (3800 / value, 3000 / value)),
            "offer_share": 3000 / value, "late_share": (1 + 5 * 0.5) / 7,
        },
        rel=1e-12,
    )  # fmt: skip


def test_who_cannot_be_counted_is_told_and_never_guessed() -> None:
    lines = [
        line("o1", buyer="unpaid"),
        line("o2", buyer="long ago", days=400),
        line("o3", buyer="foreign", currency="CHF"),
        line("o4", buyer="silent", value_minor=None),
        line("o5", buyer="kept"),
        line("o6", buyer="kept", days=-1, value_minor=10**9),
    ]
    marks = [mark(f"o{n}", "paid") for n in range(2, 7)]

    found = taken(lines, marks)

    assert found.pop("kept")["monetary"] == 1000, "what comes after the cut-off is not known yet"
    assert found == {"prospect": 1, "outside_window": 1, "no_rate": 1, "no_value": 1}


def test_tenure_looks_back_further_than_the_window_and_the_window_is_half_open() -> None:
    lines = [line("o1", days=900), line("o2", days=365), line("o3", days=0)]
    marks = [mark(each.order_id, "paid", days=0.5) for each in lines]

    row = taken(lines, marks)["b"]

    assert (row["tenure_days"], row["frequency"], row["recency_days"]) == (900, 1, 365)


def test_money_without_cents_is_money_still() -> None:
    row = taken([line("o1", currency="JPY", value_minor=1000)], [mark("o1", "paid")])["b"]

    assert row["monetary"] == 600, "1,000 yen are 6.00 euros"


def test_a_cancelled_order_stays_cancelled_and_the_newest_word_of_a_refund_counts() -> None:
    marks = [
        mark("o1", "cancelled"), mark("o1", "paid"), mark("o1", "completed"),
        mark("o2", "paid"), mark("o2", "refunded", "r1", revision=2, amount_minor=300),
        mark("o2", "refunded", "r1", revision=1, amount_minor=900),
        mark("o2", "refunded", "r2", amount_minor=50),
    ]  # fmt: skip

    first, second = fold([line("o1"), line("o2")], marks, CUTOFF)

    assert (first.state, second.state, second.refunded_minor) == ("cancelled", "paid", 350)


@pytest.mark.parametrize(
    ("at", "promised", "late"),
    [
        ("2026-03-05T10:00:00Z", "2026-03-03", 2),
        ("2026-03-05T10:00:00Z", "2026-03-08", 0),
        ("2026-03-03T23:30:00-08:00", "2026-03-03", 0),  # already the 4th in UTC
    ],
)
def test_late_is_counted_in_the_days_the_carrier_wrote(at: str, promised: str, late: int) -> None:
    assert late_days(datetime.fromisoformat(at), promised) == late


def test_without_an_instant_or_a_promise_nobody_was_late_or_in_time() -> None:
    assert late_days(None, "2026-03-03") is None
    assert late_days(CUTOFF, None) is None


MOMENTS = st.floats(-5, 800)
LINES = st.builds(
    line,
    st.sampled_from(["o1", "o2", "o3", "o4"]),
    buyer=st.sampled_from(["a", "b"]),
    number=st.integers(0, 2),
    days=MOMENTS,
    chapter=st.sampled_from(["09", "61", None]),
    value_minor=st.integers(0, 10**12),
    currency=st.sampled_from(["EUR", "USD", "JPY"]),
    has_offer=st.booleans(),
)
MARKS = st.builds(
    mark,
    st.sampled_from(["o1", "o2", "o3", "o4", "o9"]),
    st.sampled_from(["paid", "completed", "cancelled", "refunded", "delivered"]),
    st.sampled_from(["", "x"]),
    days=MOMENTS,
    amount_minor=st.integers(0, 10**12),
    lines=st.dictionaries(st.sampled_from(["l0", "l1"]), st.integers(0, 3)),
    late_days=st.none() | st.integers(0, 60),
)


@given(
    lines=st.lists(LINES, unique_by=lambda each: (each.order_id, each.line_id)),
    marks=st.lists(MARKS, unique_by=lambda each: (each.order_id, each.kind, each.ref)),
    random=st.randoms(use_true_random=False),
)
def test_any_order_and_repetition_gives_the_same_finite_rows(
    lines: list[Line], marks: list[Mark], random: Any
) -> None:
    again_lines, again_marks = lines * 2, marks * 2
    random.shuffle(again_lines)
    random.shuffle(again_marks)

    once = snapshot(fold(lines, marks, CUTOFF), KEY)
    twice = snapshot(fold(again_lines, again_marks, CUTOFF), KEY)

    assert once.sha256() == twice.sha256()
    assert once == twice
    for row in once.rows:
        assert len(row) == len(NAMES)
        assert all(math.isfinite(value) and value >= 0 for value in row)
    for part in ("a", "b"):  # a subject alone is counted as it is among all
        alone = [order for order in fold(lines, marks, CUTOFF) if order.buyer_id == part]
        found = snapshot(alone, KEY, once.priors)
        expected = [
            r for s, r in zip(once.subjects, once.rows, strict=True) if s == part
        ]  # fmt: skip
        assert list(found.rows) == expected


def test_the_key_tells_every_part_of_it() -> None:
    others = [
        SnapshotKey(LATER, KEY.known_at, "EUR", ("DE",), KEY.rates),
        SnapshotKey(CUTOFF, LATER, "EUR", ("DE",), KEY.rates),
        SnapshotKey(CUTOFF, CUTOFF, "USD", ("DE",), KEY.rates),
        SnapshotKey(CUTOFF, CUTOFF, "EUR", ("FR",), KEY.rates),
        SnapshotKey(CUTOFF, CUTOFF, "EUR", ("DE",), ()),
        SnapshotKey(CUTOFF, CUTOFF, "EUR", ("DE",), KEY.rates, 30),
    ]
    hashes = {key.sha256("mer") for key in (KEY, *others)} | {KEY.sha256("other")}

    assert len(hashes) == len(others) + 2
