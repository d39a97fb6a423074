"""Scans: how a time is read, what makes two lines the same, and when a summary is a scan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.domain.tracking.body import Unusable
from services.logistics.domain.tracking.item import (
    Item,
    Report,
    Summary,
    comparable_number,
    is_same_carrier,
    is_summary_conflict,
    reported,
    scans_from,
)
from services.logistics.domain.tracking.scan import (
    Entry,
    Place,
    Scan,
    Source,
    is_in_future,
    merge,
    remapped,
    scan_of,
)
from services.logistics.domain.tracking.status import PHASES, meaning, reason_word
from services.logistics.domain.tracking.time import read_time, sort_at, zone_of

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
EASYPOST = Source("easypost", "trk_1", "con_1", "confirmed", NOW)
HANSA = replace(EASYPOST, provider="hansa")


TIMES = """
2026-03-01T10:20:30+02:00     | 2026-03-01T10:20:30 +02:00 2026-03-01T08:20:30Z second given
2026-03-01 10:20:30.987 -0530 | 2026-03-01T10:20:30 -05:30 2026-03-01T15:50:30Z second given
2026-03-01T10:20Z             | 2026-03-01T10:20 +00:00 2026-03-01T10:20:00Z minute given
2026-03-01T00:00:00+01:00     | 2026-03-01T00:00:00 +01:00 2026-02-28T23:00:00Z second given
2026-03-01T10:20:30           | 2026-03-01T10:20:30 - - second none
2026-03-01T00:00:00           | 2026-03-01 - - date none
2026-03-01                    | 2026-03-01 - - date none
2026-03-01T25:61:00Z          | 2026-03-01 - - date none
2026-03-01T10:20:30+25:00     | 2026-03-01T10:20:30 - - second none
2026-02-31T10:00:00Z          | - - - none none
1999-12-31T23:00:00Z          | - - - none none
2000-01-01T00:30:00+01:00     | - - - none none
9999-12-31T23:59:59-14:00     | 9999-12-31T23:59:59 - - second none
٢٠٢٦-03-01                    | - - - none none
yesterday                     | - - - none none
"""  # written | local, offset, utc, precision, zone source


@pytest.mark.parametrize("row", TIMES.strip().splitlines())
def test_a_time_is_an_instant_only_where_an_offset_was_given(row: str) -> None:
    text, _, expected = row.partition("|")

    read = read_time(text.strip())

    columns = (read.local, read.offset, read.utc, read.precision, read.zone_source)
    assert " ".join(column or "-" for column in columns) == expected.strip()
    assert read.raw == text.strip()


def test_a_claimed_z_is_kept_but_not_believed() -> None:
    read = read_time("2026-03-01T10:20:30Z", z_is_local=True)

    assert (read.local, read.utc, read.offset) == ("2026-03-01T10:20:30", None, None)
    assert read.zone_source == "claimed_z"
    assert read_time("2026-03-01T00:00:00Z", z_is_local=True).precision == "date"
    assert read_time("2026-03-01T10:20:30+02:00", z_is_local=True).utc == "2026-03-01T08:20:30Z"


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}.*"), st.text())
def test_every_text_is_read_as_some_time_or_none(text: str, offset: str) -> None:
    read = read_time(text, offset)

    assert read.raw == text
    assert (read.utc is None) == (read.offset is None)
    assert (sort_at(read.utc, read.local, None, 4) is None) == (read.local is None)


def test_a_local_clock_is_ordered_by_the_capitals_zone_of_its_country() -> None:
    def hour(country: str | None) -> float:
        at = sort_at(None, "2026-07-01T12:00", country, 4)
        assert at is not None
        return datetime.fromtimestamp(at, UTC).hour

    assert (hour("US"), hour("usa"), hour("JP"), hour("DEU")) == (16, 16, 3, 10)
    assert (hour(None), hour("Narnia")) == (12, 12)
    assert str(zone_of("AU")) == "Australia/Sydney"


def test_a_scan_more_than_a_day_ahead_is_in_the_future() -> None:
    def ahead(by: timedelta) -> Scan:
        return scan_of(Entry(code="in_transit", at=read_time((NOW + by).isoformat())), HANSA)

    assert is_in_future(ahead(timedelta(hours=24, seconds=1)), NOW)
    assert not is_in_future(ahead(timedelta(hours=24)), NOW)
    assert not is_in_future(scan_of(Entry(code="in_transit"), HANSA), NOW)


def test_two_pushes_of_one_line_have_one_key_although_they_are_written_differently() -> None:
    at = read_time("2026-03-01T09:20:00")
    line = Entry(code="in_transit", at=at, place=Place("Tallinn"), text="Arrived at hub")
    key = scan_of(line, EASYPOST).key
    alike = [
        replace(line, at=read_time("2026-03-01T09:20:00+02:00")),
        replace(line, at=read_time("2026-03-01T09:20")),
        replace(line, place=Place("TALLINN"), text=" arrived  at ｈｕｂ"),  # noqa: RUF001 - NFKC
        replace(line, order=3, reason="weather"),
    ]
    unlike = [
        replace(line, code="failure"),
        replace(line, sub_code="AR"),
        replace(line, at=read_time("2026-03-01T09:21")),
        replace(line, place=Place("Riga")),
        replace(line, text="Departed"),
    ]

    assert {scan_of(one, EASYPOST).key for one in alike} == {key}
    keys = {scan_of(one, EASYPOST).key for one in unlike}
    keys |= {scan_of(line, HANSA).key, scan_of(line, EASYPOST, from_summary=True).key}
    assert len(keys - {key}) == 7


def test_only_a_native_key_knows_the_scan_id_and_the_connection() -> None:
    one, other = Entry(code="in_transit", scan_id="a"), Entry(code="in_transit", scan_id="b")
    elsewhere = replace(HANSA, connection_id="con_2")

    assert (
        len({scan_of(one, HANSA).key, scan_of(other, HANSA).key, scan_of(one, elsewhere).key}) == 3
    )
    assert scan_of(one, EASYPOST).key == scan_of(other, replace(EASYPOST, connection_id="x")).key


def test_a_midnight_keeps_its_key_when_its_offset_is_dropped() -> None:
    given_offset = Entry(code="in_transit", at=read_time("2026-03-01T00:00:00+02:00"))
    dropped = Entry(code="in_transit", at=read_time("2026-03-01T00:00:00"))

    assert scan_of(given_offset, EASYPOST).key == scan_of(dropped, EASYPOST).key


VARIANTS = st.builds(
    scan_of,
    st.builds(
        Entry,
        code=st.sampled_from(["delivered", "DELIVERED"]),
        at=st.sampled_from(
            """2026-03-01T00:00:00 2026-03-01 2026-03-01T00:00:00+02:00
            2026-03-01T00:00+05:00 2026-03-01T00:00:00.5+02:00""".split()
        ).map(read_time),
        order=st.none() | st.integers(0, 3),
        reason=st.sampled_from([None, "weather", "security"]),
        place=st.sampled_from([Place("Riga", country="LV"), Place("RIGA", country="lv")]),
        text=st.sampled_from(["Here", "here", "HERE "]),
        scan_id=st.just("s1"),
    ),
    st.builds(
        Source,
        st.just("hansa"),
        st.just("trk_1"),
        st.just("con_1"),
        st.sampled_from(["confirmed", "unconfirmed"]),
        st.sampled_from([NOW, NOW - timedelta(hours=1)]),
    ),
    st.sampled_from([None, "g1", "g2"]),
)


@given(VARIANTS, VARIANTS, VARIANTS)
def test_a_merge_does_not_know_what_came_first(one: Scan, two: Scan, three: Scan) -> None:
    assert one.key == two.key == three.key
    assert merge(one, one) == one
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


def test_a_merge_takes_the_better_of_each_column() -> None:
    plain = Entry(code="in_transit", at=read_time("2026-03-01T10:00"), text="x", order=2)
    exact = replace(plain, at=read_time("2026-03-01T10:00:00+02:00"), order=1)
    earlier = replace(plain, at=read_time("2026-03-01T10:00:00+03:00"), reason="weather")
    hint = replace(HANSA, trust="unconfirmed")

    both = merge(merge(scan_of(plain, hint), scan_of(exact, hint)), scan_of(earlier, HANSA))

    assert (both.utc, both.offset) == ("2026-03-01T07:00:00Z", "+03:00")
    assert (both.precision, both.local) == ("second", "2026-03-01T10:00:00")
    assert (both.raw, both.order, both.reason) == ("2026-03-01T10:00", 1, "weather")
    assert both.trust == "confirmed"
    assert both.sort_at == datetime(2026, 3, 1, 7, tzinfo=UTC).timestamp()


def test_a_new_map_refolds_what_an_old_one_did_not_know() -> None:
    line = scan_of(Entry(code="delivered", at=read_time("2026-03-01")), EASYPOST)
    once = replace(line, status="unknown", reason=None, sort_at=0)

    assert remapped(once) == line


def test_codes_have_no_case_and_an_unknown_sub_code_falls_back() -> None:
    assert meaning("easypost", "FAILURE").status == "attempt_failed"
    assert meaning("aftership", "Exception", "exception_013").status == "lost"
    assert meaning("aftership", "Exception", "Exception_999").status == "on_hold"
    assert meaning("easypost", "delivered", "DL").status == "delivered"
    assert meaning("hansa", "customs_hold").status == "customs_hold"
    assert meaning("nobody", "delivered").status == meaning("hansa", None).status == "unknown"
    reasons = [reason_word(text) for text in ("Weather", "locusts", None)]
    assert reasons == ["weather", "unspecified", None]


def gathered(
    entries: str, summary: str | None, at: str | None = None
) -> tuple[list[str], str | None]:
    """Statuses that become scans of a history of one scan a day, and the dropped summary."""
    item = Item(
        number="1",
        entries=tuple(
            Entry(code=code, at=read_time(f"2026-03-{day:02d}T10:00:00"))
            for day, code in enumerate(entries.split(), 1)
        ),
        summary=Summary(summary, at=read_time(at)) if summary else None,
    )
    found = scans_from(item, HANSA)
    shown = [f"{scan.status}@{scan.local}" for scan in found.scans if scan.from_summary]
    return shown, found.dropped


@pytest.mark.parametrize(
    ("entries", "summary", "at", "shown", "dropped"),
    [
        ("picked_up", None, None, [], None),
        ("", "delivered", None, ["delivered@None"], None),
        ("", "delivered", "2026-03-09T08:00:00", ["delivered@2026-03-09T08:00:00"], None),
        ("x y", "delivered", None, ["delivered@2026-03-02T10:00:00"], None),
        ("x", "nonsense", None, [], None),
        ("", "nonsense", None, ["unknown@None"], None),
        ("label_created", "in_transit", "2026-03-09", ["in_transit@None"], None),
        ("picked_up in_transit", "delivered", None, ["delivered@None"], None),
        ("in_transit", "in_transit", None, [], "in_transit"),
        ("in_transit", "out_for_delivery", None, [], "out_for_delivery"),
        ("out_for_delivery", "in_transit", None, [], "in_transit"),
        ("returning", "delivered", None, ["delivered@None"], None),
        ("in_transit lost", "delivered", None, ["delivered@None"], None),
        ("lost in_transit", "delivered", None, [], "delivered"),
        ("in_transit returning", "returned", None, ["returned@None"], None),
        ("picked_up", "nonsense", None, [], "unknown"),
    ],
)
def test_a_summary_is_a_scan_only_where_the_history_leaves_something_out(
    entries: str, summary: str | None, at: str | None, shown: list[str], dropped: str | None
) -> None:
    assert gathered(entries, summary, at) == (shown, dropped)


def test_a_dropped_summary_of_another_end_is_a_conflict() -> None:
    assert is_summary_conflict("delivered", "in_transit")
    assert not is_summary_conflict("delivered", "delivered")
    assert not is_summary_conflict("out_for_delivery", "in_transit")
    assert not is_summary_conflict(None, "in_transit")


def test_a_bad_item_never_fails_the_rest_and_items_of_one_parcel_are_joined() -> None:
    line = Entry(code="in_transit")
    first = Item(number="ab 1", entries=(line,), summary=Summary("delivered"))
    again = Item(number="AB1", entries=(line,), summary=Summary("in_transit"))
    bad = Unusable("no_tracking_number")

    mixed = reported("easypost", "e", [bad, first, again])

    assert isinstance(mixed, Report)
    assert [(item.number, len(item.entries), item.summary) for item in mixed.items] == [
        ("ab 1", 2, Summary("delivered"))
    ]
    assert mixed.unusable == (bad,)
    assert reported("easypost", "e", [bad, Unusable("other")]) == Unusable(
        "no_tracking_number", "e"
    )


def test_numbers_and_carriers_are_compared_as_people_write_them() -> None:
    assert comparable_number(" 1z 99\u00a0x ") == "1Z99X"
    assert is_same_carrier("FedEx", "fedex-ground")
    assert is_same_carrier(None, "ups")
    assert not is_same_carrier("ups", "FedEx")


def test_every_canonical_word_has_its_phase() -> None:
    assert {word for word, phase in PHASES.items() if phase is None} == {
        "damaged",
        "expired",
        "unknown",
    }
