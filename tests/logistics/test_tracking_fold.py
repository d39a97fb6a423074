"""The fold: each rule by the state it leads to, and the laws that hold for any scans."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.domain.tracking.fold import (
    Folded,
    Retraction,
    fold,
    folds_after,
)
from services.logistics.domain.tracking.scan import Entry, Place, Scan, Source, in_order, scan_of
from services.logistics.domain.tracking.status import PHASES
from services.logistics.domain.tracking.steps import START, step
from services.logistics.domain.tracking.stored import folded_from_row, folded_to_row
from services.logistics.domain.tracking.time import NO_TIME, read_time
from services.logistics.domain.tracking.timeline import (
    of_one_generation,
    shipment_state,
    timeline,
)

SOURCE = Source("hansa", "trk_1", "con_1", "confirmed", datetime(2026, 9, 1, tzinfo=UTC))
EASYPOST = replace(SOURCE, provider="easypost")
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def scan(status: str, at: str | None, **more: object) -> Scan:
    entry = Entry(code=status, at=read_time(at), **more)  # type: ignore[arg-type]
    return scan_of(entry, SOURCE)


def told(words: str, timeless: str = "") -> Folded:
    """A scan an hour for each word, then scans without time."""
    hours = (f"{(DAY + timedelta(hours=n)):%Y-%m-%dT%H:%M:%SZ}" for n in range(99))
    timed = [scan(word, at) for word, at in zip(words.split(), hours, strict=False)]
    return fold([*timed, *(scan(word, None) for word in timeless.split())])


def outcome(words: str, timeless: str = "") -> tuple[str, str, str]:
    folded = told(words, timeless)
    return folded.status, folded.leg, " ".join(folded.flags)


@pytest.mark.parametrize(
    ("rule", "words", "status", "leg", "flags"),
    [
        (0, "", "awaiting_data", "outbound", ""),
        (1, "in_transit unknown expired", "in_transit", "outbound", ""),
        (1, "unknown expired", "awaiting_data", "outbound", ""),
        (1, "in_transit damaged", "in_transit", "outbound", "damaged"),
        (1, "delivered damaged unknown", "delivered", "outbound", "damaged"),
        (1, "returned damaged expired", "returned", "return", "damaged"),
        (2, "returning delivered", "returned", "return", ""),
        (2, "returning returned delivered returned", "returned", "return", ""),
        (2, "returning lost", "lost", "return", ""),
        (2, "returning out_for_delivery", "returning", "return", ""),
        (2, "returning delayed", "returning", "return", ""),
        (2, "returning picked_up", "returning", "return", ""),
        (2, "returning label_created awaiting_data", "returning", "return", ""),
        (2, "returning cancelled", "returning", "return", "cancelled_after_movement"),
        (2, "returned in_transit", "returned", "return", "scan_after_end"),
        (2, "returned label_created", "returned", "return", "scan_after_end"),
        (2, "returned lost", "returned", "return", "scan_after_end"),
        (2, "returning lost in_transit returning", "lost", "return", ""),
        (2, "returning lost cancelled", "lost", "return", ""),
        (2, "returning lost delivered", "returned", "return", ""),
        (3, "label_created", "label_created", "outbound", ""),
        (3, "delayed label_created", "label_created", "outbound", ""),
        (3, "in_transit label_created", "in_transit", "outbound", ""),
        (3, "cancelled label_created", "cancelled", "outbound", ""),
        (3, "label_created awaiting_data", "label_created", "outbound", ""),
        (4, "label_created cancelled", "cancelled", "outbound", ""),
        (4, "on_hold cancelled", "cancelled", "outbound", ""),
        (4, "in_transit cancelled", "in_transit", "outbound", "cancelled_after_movement"),
        (4, "delivered cancelled", "delivered", "outbound", "cancelled_after_movement"),
        (4, "cancelled in_transit", "in_transit", "outbound", "used_after_cancel"),
        (5, "in_transit delayed", "delayed", "outbound", ""),
        (5, "out_for_delivery on_hold", "on_hold", "outbound", ""),
        (5, "delivered delayed", "delivered", "outbound", "scan_after_end"),
        (5, "in_transit lost on_hold", "lost", "outbound", "scan_after_end"),
        (5, "cancelled delayed", "cancelled", "outbound", "scan_after_end"),
        (6, "delivered returning", "returning", "return", ""),
        (6, "lost returning", "returning", "return", ""),
        (6, "returning in_transit", "returning", "return", ""),
        (6, "label_created returned", "returned", "return", ""),
        (6, "cancelled returning", "returning", "return", "used_after_cancel"),
        (7, "delivered delivered", "delivered", "outbound", ""),
        (7, "delivered in_transit", "delivered", "outbound", "scan_after_end"),
        (7, "delivered lost", "delivered", "outbound", "scan_after_end"),
        (7, "lost lost", "lost", "outbound", ""),
        (7, "lost in_transit", "in_transit", "outbound", "found"),
        (7, "lost delivered", "delivered", "outbound", "found"),
        (7, "lost label_created", "lost", "outbound", ""),
        (8, "out_for_delivery in_transit", "in_transit", "outbound", ""),
        (8, "customs_hold customs_cleared", "in_transit", "outbound", ""),
        (8, "picked_up lost", "lost", "outbound", ""),
        (8, "attempt_failed available_for_pickup", "available_for_pickup", "outbound", ""),
    ],
)
def test_the_rules_of_the_fold(rule: int, words: str, status: str, leg: str, flags: str) -> None:
    assert outcome(words) == (status, leg, flags), f"rule {rule}"


@pytest.mark.parametrize(
    ("words", "timeless", "status", "leg", "flags"),
    [
        ("", "label_created", "label_created", "outbound", ""),
        ("in_transit", "delivered", "delivered", "outbound", ""),
        ("out_for_delivery", "in_transit", "out_for_delivery", "outbound", ""),
        ("out_for_delivery", "attempt_failed", "out_for_delivery", "outbound", ""),
        ("in_transit", "picked_up delivered label_created", "delivered", "outbound", ""),
        ("picked_up", "customs_cleared", "in_transit", "outbound", ""),
        ("picked_up", "returning", "returning", "return", ""),
        ("delivered", "returned", "returned", "return", ""),
        ("returning", "delivered", "returned", "return", ""),
        ("returned", "delivered", "returned", "return", ""),
        ("returning", "lost", "returning", "return", ""),
        ("lost", "delivered", "delivered", "outbound", ""),
        ("delivered", "lost", "delivered", "outbound", ""),
        ("in_transit", "cancelled", "in_transit", "outbound", ""),
        ("cancelled", "in_transit", "in_transit", "outbound", ""),
        ("delivered", "in_transit", "delivered", "outbound", ""),
        ("in_transit", "damaged unknown expired", "in_transit", "outbound", "damaged"),
    ],
)
def test_scans_without_time_only_lead_onwards(
    words: str, timeless: str, status: str, leg: str, flags: str
) -> None:
    assert outcome(words, timeless) == (status, leg, flags)


def test_every_reachable_position_answers_every_status_and_an_end_is_left_only_by_a_return() -> (
    None
):
    reached, frontier = {START}, [START]
    while frontier:
        here = frontier.pop()
        for status in PHASES:
            there = step(here, status).to
            assert not (here.moved and not there.moved)
            assert not (here.leg == "return" and there.leg == "outbound")
            if here.status == "returned":
                assert there == here
            if here.status == "delivered" and there != here:
                assert there.leg == "return"
            if there not in reached:
                reached.add(there)
                frontier.append(there)
    assert {here.status for here in reached} == {
        status for status, phase in PHASES.items() if phase is not None
    } - {"customs_cleared"}


def test_milestones_are_firsts_except_the_last_clearance() -> None:
    folded = told(
        "picked_up picked_up customs_hold customs_cleared customs_hold customs_cleared"
        " attempt_failed attempt_failed delivered delivered returning returned"
    )

    hours = {name: (stamp.local or "")[11:13] for name, stamp in folded.milestones.items()}
    assert hours == {
        "picked_up": "00",
        "customs_in": "02",
        "customs_out": "05",
        "first_attempt": "06",
        "delivered": "08",
        "returned": "11",
    }
    assert folded.is_ended
    assert not told("in_transit lost").is_ended


def test_a_delivery_known_without_its_time_has_a_milestone_without_time() -> None:
    folded = told("in_transit", "delivered")

    assert folded.milestones["delivered"].utc is None
    assert folded.latest == folded.milestones["delivered"]


WORDS = st.sampled_from(sorted(PHASES))
TIMES = st.none() | st.sampled_from(
    """2026-03-01 2026-03-01T12:00:00 2026-03-01T12:00 2026-03-01T12:00:00+09:00
    2026-03-02T00:00:00Z 2026-03-02 2026-02-31 2026-03-02T08:00:00-05:00""".split()
)
ENTRIES = st.builds(
    Entry,
    code=WORDS,
    at=TIMES.map(read_time),
    order=st.none() | st.integers(0, 2),
    reason=st.sampled_from([None, "weather", "security"]),
    place=st.sampled_from([Place(), Place(country="US"), Place(country="JPN")]),
    scan_id=st.sampled_from([None, "s1", "s2"]),
)
SOURCES = st.sampled_from(
    [
        SOURCE,
        replace(SOURCE, connection_id="con_2", received_at=DAY),
        replace(SOURCE, trust="unconfirmed"),
    ]
)
HISTORIES = st.lists(st.builds(scan_of, ENTRIES, SOURCES), max_size=12)
RETRACTIONS = st.lists(
    st.builds(Retraction, st.sampled_from(["s1", "s2"]), st.sampled_from(["con_1", "con_2"])),
    max_size=2,
)


@given(HISTORIES, RETRACTIONS, st.data())
def test_any_order_and_any_repetition_give_the_same_state_and_timeline(
    scans: list[Scan], gone: list[Retraction], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(scans), max_size=6)) if scans else []
    shuffled = data.draw(st.permutations([*scans, *again]))

    assert fold(shuffled, reversed(gone)) == fold(scans, gone)
    assert timeline(shuffled, gone) == timeline(scans, gone)


@given(HISTORIES)
def test_adding_scans_one_by_one_comes_to_the_fold_of_all(scans: list[Scan]) -> None:
    folded, known = fold([]), []
    for one in sorted({one.key: one for one in scans}.values(), key=in_order):
        known.append(one)
        further = folds_after(folded_from_row(folded_to_row(folded)), one)
        if one.trust == "confirmed" and one.sort_at is not None:
            assert further is not None
        folded = further or fold(known)
        assert folded == fold(known)


def test_a_scan_that_sorts_before_the_last_asks_for_a_whole_fold() -> None:
    folded = told("picked_up in_transit")

    assert folds_after(folded, scan("delivered", "2026-02-01T00:00:00Z")) is None
    assert folds_after(folded, scan("delivered", None)) is None


@given(HISTORIES, st.datetimes(timezones=st.just(UTC)))
def test_the_time_of_receipt_changes_nothing(scans: list[Scan], when: datetime) -> None:
    later = [replace(one, received_at=when) for one in scans]

    assert fold(later) == fold(scans)


def test_scans_of_one_instant_follow_the_providers_order_then_phase_then_rank() -> None:
    at = "2026-03-01T12:00:00Z"
    ranked = "customs_hold customs_cleared in_transit delayed on_hold".split()
    ranked += "out_for_delivery attempt_failed available_for_pickup lost delivered".split()
    alike = [scan(word, at) for word in reversed(ranked)]
    by_order = [scan("delivered", at, order=1), scan("in_transit", at, order=2)]

    assert [one.code for one in sorted(alike, key=in_order)] == ranked
    assert fold(by_order).flags == ("scan_after_end",)
    assert fold([scan("delivered", at), scan("in_transit", at)]).flags == ()


def test_a_date_is_sorted_by_what_happened_on_it() -> None:
    noon = scan("in_transit", "2026-03-01T11:59:59")
    day = [scan("picked_up", "2026-03-01"), noon, scan("delivered", "2026-03-01")]

    assert sorted([day[2], day[1], day[0]], key=in_order) == day
    assert (
        fold([scan("customs_cleared", "2026-03-01"), noon]).latest
        == fold([noon, scan("customs_cleared", "2026-03-01")]).latest
    )
    assert scan("customs_hold", "2026-03-01").sort_at == DAY.timestamp() + 12 * 3600
    assert scan("unknown", "2026-03-01").sort_at == DAY.timestamp() + 12 * 3600
    assert scan("delivered", "2026-03-01").sort_at == DAY.timestamp() + 24 * 3600 - 1


def test_two_tellings_of_one_scan_are_folded_as_the_one_they_merge_to() -> None:
    at = "2026-03-01T12:00:00Z"
    vague, exact = scan("delivered", at), scan("delivered", at, order=5)

    assert vague.key == exact.key
    assert fold([vague, scan("in_transit", at, order=3), exact]).flags == ()


def test_the_scan_that_says_the_state_is_remembered_with_its_reason() -> None:
    first, pause = (
        scan("awaiting_data", "2026-03-01"),
        scan("on_hold", "2026-03-02", reason="weather"),
    )

    latest = fold([first]).latest
    assert latest is not None
    assert latest.key == first.key
    assert fold([first, pause, scan("unknown", "2026-03-03")]).reason == "weather"


def test_an_unconfirmed_scan_is_shown_as_such_and_never_folded() -> None:
    hint = scan_of(Entry(code="delivered", at=NO_TIME), replace(SOURCE, trust="unconfirmed"))

    assert fold([hint]).status == "awaiting_data"
    assert [line.trust for line in timeline([hint])] == ["unconfirmed"]
    assert fold([hint, replace(hint, trust="confirmed")]).status == "delivered"


def test_an_operator_undoes_a_delivery_of_any_provider_by_its_key() -> None:
    false = scan_of(Entry(code="delivered", at=read_time("2026-03-02T10:00:00")), EASYPOST)
    before = scan_of(Entry(code="in_transit", at=read_time("2026-03-01T10:00:00")), EASYPOST)

    assert fold([before, false], [Retraction(key=false.key)]).status == "in_transit"


def test_lines_of_one_status_time_and_place_are_seen_as_one() -> None:
    at, here = "2026-03-01T12:00:00", Place(city="Tallinn", country="EE")
    lines = timeline(
        [
            scan("in_transit", at, place=here, text="Arrived"),
            scan("in_transit", "2026-03-01T12:00", place=Place("TALLINN", country="EE"), text="In"),
            scan("in_transit", at, place=Place(city="Riga"), text="Arrived"),
            scan("delayed", at, place=here),
            scan("in_transit", None, place=here),
        ]
    )

    assert sorted(len(line.keys) for line in lines) == [1, 1, 1, 2]
    assert lines[-1].local is None


@pytest.mark.parametrize(
    ("parcels", "status"),
    [
        ("delivered in_transit", "in_transit"),
        ("delivered cancelled", "delivered"),
        ("cancelled cancelled", "cancelled"),
        ("cancelled awaiting_data", "awaiting_data"),
        ("delivered returning", "returning"),
        ("returning out_for_delivery", "out_for_delivery"),
        ("returned delivered", "delivered"),
        ("lost delivered", "lost"),
        ("customs_hold on_hold", "customs_hold"),
    ],
)
def test_a_shipment_is_as_far_as_its_least_advanced_parcel(parcels: str, status: str) -> None:
    state = shipment_state([told(word) for word in parcels.split()])

    assert state.status == status
    assert sum(state.counts.values()) == 2


def test_a_number_used_again_is_read_by_the_shipment_nearest_to_the_booking() -> None:
    old = scan_of(Entry(code="delivered", at=read_time("2025-07-20")), SOURCE, "g1")
    new = scan_of(Entry(code="in_transit", at=read_time("2026-03-01")), SOURCE, "g2")
    plain = scan_of(Entry(code="picked_up", at=read_time("2025-07-16")), SOURCE)

    assert of_one_generation([old, new, plain], date(2025, 7, 15)) == [old, plain]
    assert of_one_generation([old, new, plain], None) == [new, plain]
    assert of_one_generation([old, new, plain], date(2024, 7, 15)) == [plain]
