"""What an adapter makes of a body, and the scans that follow: one rule for all providers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.logistics.domain.tracking.body import Unusable
from services.logistics.domain.tracking.scan import Entry, Scan, Source, in_order, scan_of
from services.logistics.domain.tracking.status import (
    UNKNOWN,
    advancement,
    meaning,
    phase_of,
)
from services.logistics.domain.tracking.time import NO_TIME, Moment

LONGEST_HISTORY = 5_000  # scans of one tracker in one body
_KEPT_SUMMARIES = frozenset("picked_up in_transit delivered returned lost cancelled".split())
_CONFLICTING_PHASE = 6
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Summary:
    """The status a provider gives for the whole parcel, beside or instead of a history."""

    code: str
    sub_code: str | None = None
    at: Moment = NO_TIME


@dataclass(frozen=True, slots=True)
class Estimate:
    """The provider's own word on arrival, as local clocks or dates; never mixed with ours."""

    earliest: str
    latest: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A provider takes back its own scan."""

    scan_id: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a body says of one parcel."""

    number: str
    carrier: str | None = None
    reference: str | None = None
    generation: str | None = None
    entries: tuple[Entry, ...] = ()
    summary: Summary | None = None
    estimate: Estimate | None = None
    withdrawals: tuple[Withdrawal, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """At least one usable item; the unusable ones beside it are quarantined each by itself."""

    event_id: str | None
    items: tuple[Item, ...]
    unusable: tuple[Unusable, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """A known event that is no scan: accepted; an estimate in it is kept."""

    event_id: str | None
    name: str
    number: str | None = None
    estimate: Estimate | None = None


Parsed = Report | OtherEvent | Unusable


def reported(
    provider: str, event_id: str | None, parts: Sequence[Item | Unusable]
) -> Report | Unusable:
    """A bad item never fails the rest; if none is usable the first reason counts for the body."""
    items = joined(provider, [part for part in parts if isinstance(part, Item)])
    usable = tuple(item for item in items if len(item.entries) <= LONGEST_HISTORY)
    unusable = [part for part in parts if isinstance(part, Unusable)]
    unusable += [Unusable("history_too_long")] * (len(items) - len(usable))
    if usable:
        return Report(event_id, usable, tuple(unusable))
    return Unusable(unusable[0].reason if unusable else "no_tracking_number", event_id)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The scans of an item; `dropped` is the status of a summary that became none of them."""

    scans: tuple[Scan, ...]
    dropped: str | None = None


def scans_from(item: Item, source: Source) -> Gathered:
    """Every entry is a scan; the summary is one only where the history leaves something out."""
    scans = tuple(scan_of(entry, source, item.generation) for entry in item.entries)
    if item.summary is None:
        return Gathered(scans)
    said = meaning(source.provider, item.summary.code, item.summary.sub_code).status
    if all(scan.status == UNKNOWN for scan in scans):
        if said == UNKNOWN and scans:
            return Gathered(scans)
        at = item.summary.at if item.summary.at.local else _newest(item.entries, scans)
    elif _goes_beyond(said, scans):
        at = NO_TIME
    else:
        return Gathered(scans, dropped=said)
    entry = Entry(code=item.summary.code, sub_code=item.summary.sub_code, at=at)
    return Gathered((*scans, scan_of(entry, source, item.generation, from_summary=True)))


def _newest(entries: Sequence[Entry], scans: Sequence[Scan]) -> Moment:
    timed = [
        (in_order(scan), entry.at)
        for scan, entry in zip(scans, entries, strict=True)
        if scan.sort_at is not None
    ]
    return max(timed, key=lambda pair: pair[0])[1] if timed else NO_TIME


def _goes_beyond(status: str, scans: Sequence[Scan]) -> bool:
    """Whether a summary says an end, or a movement, that no entry says."""
    if status not in _KEPT_SUMMARIES:
        return False
    phase = advancement(status)[0]
    if all(phase > advancement(scan.status)[0] for scan in scans):
        return True
    timed = [scan for scan in scans if scan.sort_at is not None]
    last = max(timed, key=in_order) if timed else None
    return status == "delivered" and last is not None and last.status in ("lost", "returning")


def is_summary_conflict(dropped: str | None, folded_status: str) -> bool:
    """A dropped summary tells of an end the fold does not know: counted, and a pull is due."""
    phase = phase_of(dropped) if dropped else None
    return phase is not None and phase >= _CONFLICTING_PHASE and dropped != folded_status


def joined(provider: str, items: Iterable[Item]) -> list[Item]:
    """Items of one parcel as one: all entries, the estimate said last, the furthest summary."""
    by_parcel: dict[tuple[str, str | None, str | None], Item] = {}
    for item in items:
        parcel = (
            comparable_number(item.number),
            comparable_carrier(item.carrier),
            item.generation,
        )
        known = by_parcel.get(parcel)
        by_parcel[parcel] = _join(known, item, provider) if known else item
    return list(by_parcel.values())


def _join(one: Item, other: Item, provider: str) -> Item:
    summaries = [part for part in (one.summary, other.summary) if part is not None]
    return replace(
        one,
        reference=one.reference or other.reference,
        entries=one.entries + other.entries,
        summary=max(summaries, key=lambda part: _reach(part, provider)) if summaries else None,
        estimate=other.estimate or one.estimate,
        withdrawals=one.withdrawals + other.withdrawals,
    )


def _reach(summary: Summary, provider: str) -> tuple[int, int, str, str]:
    status = meaning(provider, summary.code, summary.sub_code).status
    return (*advancement(status), summary.code, summary.sub_code or "")


def comparable_number(number: str) -> str:
    """Tracking numbers are the same without spaces and in upper case."""
    return _SPACES.sub("", number).upper()


def comparable_carrier(carrier: str | None) -> str | None:
    """Carriers are the same without case and punctuation, and under their known other names."""
    if carrier is None:
        return None
    name = re.sub(r"[^0-9a-z]", "", carrier.casefold())
    return _CARRIERS.get(name, name) or None


def is_same_carrier(one: str | None, other: str | None) -> bool:
    """An absent carrier matches any."""
    names = (comparable_carrier(one), comparable_carrier(other))
    return None in names or names[0] == names[1]


_CARRIERS = {
    **dict.fromkeys(
        "fedexground fedexexpress fedexsmartpost federalexpress fedexdefault".split(), "fedex"
    ),
    **dict.fromkeys("upsdap upsmailinnovations upssurepost unitedparcelservice".split(), "ups"),
    **dict.fromkeys("dhlexpress dhlecommerce dhlparcel dhlpaket".split(), "dhl"),
    **dict.fromkeys("unitedstatespostalservice uspostalservice".split(), "usps"),
}
