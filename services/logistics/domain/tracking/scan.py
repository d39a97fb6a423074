"""A scan: one line of a parcel's history as stored. Its key, its merge, its place in the order."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from services.logistics.domain.tracking.status import NATIVE, advancement, meaning, phase_of
from services.logistics.domain.tracking.time import (
    FINENESS,
    NO_TIME,
    Moment,
    Precision,
    ZoneSource,
    sort_at,
)

Trust = Literal["confirmed", "unconfirmed"]
Order = tuple[int, int, int, int, str]

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, slots=True)
class Place:
    """No names and no streets: they are not extracted."""

    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a provider's history as its adapter reads it, before it belongs to a tracker."""

    code: str | None = None
    sub_code: str | None = None
    reason: str | None = None
    at: Moment = NO_TIME
    order: int | None = None
    place: Place = NOWHERE
    text: str | None = None
    scan_id: str | None = None

    def says_nothing(self) -> bool:
        spoken = (self.code, self.sub_code, self.at.raw, self.text, self.scan_id)
        return all(part is None for part in spoken)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a delivery came from, and to which tracker it was matched."""

    provider: str
    tracker_id: str
    connection_id: str
    trust: Trust
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A row of the timeline. `sort_at` is in unix seconds, `utc` and `local` are ISO texts."""

    tracker_id: str
    key: str
    provider: str
    code: str | None
    sub_code: str | None
    status: str
    reason: str | None
    raw: str | None
    local: str | None
    offset: str | None
    utc: str | None
    precision: Precision
    zone_source: ZoneSource
    sort_at: int | None
    order: int | None
    place: Place
    text: str | None
    from_summary: bool
    scan_id: str | None
    connection_id: str | None
    trust: Trust
    generation: str | None
    received_at: datetime

    def to_row(self) -> dict[str, Any]:
        """The columns by name; the place lies in four of them."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        place: Place = row.pop("place")
        return row | asdict(place)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Scan":
        """The inverse of `to_row`; further columns are ignored."""
        place = Place(row["city"], row["region"], row["postal_code"], row["country"])
        names = (field.name for field in fields(cls) if field.name != "place")
        return cls(place=place, **{name: row[name] for name in names})


def scan_of(
    entry: Entry, source: Source, generation: str | None = None, *, from_summary: bool = False
) -> Scan:
    """The entry as a row: mapped, keyed and with its place in the order."""
    means = meaning(source.provider, entry.code, entry.sub_code)
    at = entry.at
    return Scan(
        tracker_id=source.tracker_id,
        key=scan_key(entry, source.provider, source.connection_id, from_summary=from_summary),
        provider=source.provider,
        code=entry.code,
        sub_code=entry.sub_code,
        status=means.status,
        reason=entry.reason or means.reason,
        raw=at.raw,
        local=at.local,
        offset=at.offset,
        utc=at.utc,
        precision=at.precision,
        zone_source=at.zone_source,
        sort_at=sort_at(at.utc, at.local, entry.place.country, phase_of(means.status)),
        order=entry.order,
        place=entry.place,
        text=entry.text,
        from_summary=from_summary,
        scan_id=entry.scan_id,
        connection_id=source.connection_id,
        trust=source.trust,
        generation=generation,
        received_at=source.received_at,
    )


def scan_key(entry: Entry, provider: str, connection_id: str, *, from_summary: bool) -> str:
    """SHA-256 in hex. The offset is left out, since providers drop or add it between two pushes."""
    at, place = entry.at, entry.place
    parts = [
        provider,
        entry.code,
        entry.sub_code,
        same_clock(at.local) if at.local else at.utc or at.raw,
        place.city,
        place.region,
        place.postal_code,
        place.country,
        entry.text,
        "summary" if from_summary else None,
    ]
    if provider == NATIVE:
        parts += [entry.scan_id, connection_id]
    return hashlib.sha256(json.dumps([_plain(part) for part in parts]).encode()).hexdigest()


def same_clock(local: str) -> str:
    """09:20 is 09:20:00; midnight is its date, since it reads as one when the offset is dropped."""
    whole = f"{local}:00" if len(local) == 16 else local
    return whole.removesuffix("T00:00:00")


def _plain(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def merge(one: Scan, other: Scan) -> Scan:
    """One row of two with the same key, column by column, without regard to which came first.

    Commutative, associative and idempotent, so any order of arrival ends in the same row.
    """
    instant = min(one, other, key=_instant)
    merged = replace(
        one,
        raw=_smaller(one.raw, other.raw),
        local=max(one.local or "", other.local or "", key=lambda text: (len(text), text)) or None,
        offset=instant.offset,
        utc=instant.utc,
        precision=min(one.precision, other.precision, key=FINENESS.__getitem__),
        zone_source=instant.zone_source,
        order=_smaller(one.order, other.order),
        reason=_smaller(one.reason, other.reason),
        code=_smaller(one.code, other.code),
        sub_code=_smaller(one.sub_code, other.sub_code),
        text=_smaller(one.text, other.text),
        place=Place(*map(_smaller, _parts(one.place), _parts(other.place))),
        connection_id=_smaller(one.connection_id, other.connection_id),
        scan_id=_smaller(one.scan_id, other.scan_id),
        generation=_smaller(one.generation, other.generation),
        trust=min(one.trust, other.trust),  # "confirmed" is the smaller word
        received_at=min(one.received_at, other.received_at),
    )
    return remapped(merged)


def remapped(scan: Scan) -> Scan:
    """The scan as the present map reads its code, with what follows from its columns."""
    means = meaning(scan.provider, scan.code, scan.sub_code)
    return replace(
        scan,
        status=means.status,
        reason=scan.reason if scan.provider == NATIVE else means.reason,
        sort_at=sort_at(scan.utc, scan.local, scan.place.country, phase_of(means.status)),
    )


def _instant(scan: Scan) -> tuple[bool, str, str, str]:
    return (scan.utc is None, scan.utc or "", scan.offset or "", scan.zone_source)


def _parts(place: Place) -> tuple[str | None, ...]:
    return (place.city, place.region, place.postal_code, place.country)


def _smaller(one: _T | None, other: _T | None) -> _T | None:
    known = [part for part in (one, other) if part is not None]
    return min(known) if known else None


def merged(scans: Iterable[Scan]) -> list[Scan]:
    """One scan per key."""
    by_key: dict[str, Scan] = {}
    for scan in scans:
        known = by_key.setdefault(scan.key, scan)
        if known is not scan:
            by_key[scan.key] = merge(known, scan)
    return list(by_key.values())


def in_order(scan: Scan) -> Order:
    """What scans with a time are sorted by; the time of receipt is no part of it."""
    phase, rank = advancement(scan.status)
    return (scan.sort_at or 0, scan.order or 0, phase, rank, scan.key)


def is_in_future(scan: Scan, now: datetime) -> bool:
    """More than a day ahead: such a scan waits in quarantine until its time has come."""
    return scan.sort_at is not None and scan.sort_at > (now + timedelta(days=1)).timestamp()
