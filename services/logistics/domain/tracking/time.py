"""The time model: what was written is kept; an instant exists only where an offset was given."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

Precision = Literal["second", "minute", "date", "none"]
ZoneSource = Literal["given", "claimed_z", "none"]

FINENESS: dict[str, int] = {"second": 0, "minute": 1, "date": 2, "none": 3}
_ZONES: dict[str, str] = json.loads(Path(__file__).with_name("country_zone.json").read_text())
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)  # an earlier instant is a default value, not a time
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ](.*)|[Zz])?", re.DOTALL)
_CLOCK = re.compile(
    r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?\s*([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?")
_WIDEST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Moment:
    """`local` is ISO without offset, a date alone stays a date; `utc` is ISO with a final Z."""

    raw: str | None = None
    local: str | None = None
    offset: str | None = None
    utc: str | None = None
    precision: Precision = "none"
    zone_source: ZoneSource = "none"


NO_TIME = Moment()


def read_time(text: str | None, offset: str | None = None, *, z_is_local: bool = False) -> Moment:
    """The moment a provider wrote; `offset` is one written apart from the clock.

    Total: an impossible clock keeps its date, an unreadable text keeps only itself. With
    `z_is_local` a Z is known to mark a local clock, so it is recorded and not believed.
    """
    if text is None:
        return NO_TIME
    found = _DAY.fullmatch(text.strip())
    day = _day(found.group(1)) if found else None
    if found is None or day is None or day.year < _FIRST.year:
        return Moment(raw=text)
    on_the_day = Moment(raw=text, local=day.isoformat(), precision="date")
    clock = _CLOCK.fullmatch((found.group(2) or "").strip())
    if clock is None:
        return on_the_day
    hour, minute, second, zone = clock.groups()
    try:
        written = datetime.fromisoformat(f"{day}T{hour}:{minute}:{second or '00'}+00:00")
    except ValueError:
        return on_the_day
    precision: Precision = "minute" if second is None else "second"
    if zone in ("Z", "z") and z_is_local:
        return _without_offset(text, written, precision, "claimed_z")
    return _with_offset(text, written, precision, _offset(zone or offset))


def _with_offset(
    text: str, written: datetime, precision: Precision, offset: timedelta | None
) -> Moment:
    """`written` carries UTC as a stand-in: only its clock is meant."""
    if offset is None:
        return _without_offset(text, written, precision, "none")
    try:
        instant = written.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except OverflowError:
        return _without_offset(text, written, precision, "none")
    if instant < _FIRST:
        return Moment(raw=text)
    return Moment(
        raw=text,
        local=_clock_text(written, precision),
        offset=f"{written.replace(tzinfo=timezone(offset)).isoformat()[-6:]}",
        utc=instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        precision=precision,
        zone_source="given",
    )


def _without_offset(
    text: str, written: datetime, precision: Precision, source: ZoneSource
) -> Moment:
    if (written.hour, written.minute, written.second) == (0, 0, 0):
        # Providers fill a clock they do not know with zeros.
        return Moment(
            text, written.date().isoformat(), None, None, precision="date", zone_source=source
        )
    local = _clock_text(written, precision)
    return Moment(text, local, None, None, precision=precision, zone_source=source)


def _clock_text(written: datetime, precision: Precision) -> str:
    return written.isoformat()[: 16 if precision == "minute" else 19]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _offset(text: str | None) -> timedelta | None:
    """None also for what no place on earth uses, so a mistake never becomes an instant."""
    if text in ("Z", "z"):
        return timedelta()
    found = _OFFSET.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    if int(minutes or 0) > 59:
        return None
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > _WIDEST:
        return None
    return -size if sign == "-" else size


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_of(country: str | None) -> ZoneInfo | None:
    """The zone of a country, alpha-2 or alpha-3; the capital's where there are several."""
    name = _ZONES.get(country.strip().upper()) if country else None
    return _zone(name) if name else None


def sort_at(
    utc: str | None, local: str | None, country: str | None, phase: int | None
) -> int | None:
    """Unix seconds for ordering only, None without time; never shown, never used for a delay."""
    if utc is not None:
        return int(datetime.fromisoformat(utc).timestamp())
    if local is None:
        return None
    clock = local if len(local) > 10 else f"{local}T{_clock_of_a_date(phase)}"
    written = datetime.fromisoformat(clock).replace(tzinfo=zone_of(country) or UTC)
    return int(written.timestamp())


def _clock_of_a_date(phase: int | None) -> str:
    """An end belongs after the day's other scans, a beginning before them."""
    if phase is None or phase in (4, 5):
        return "12:00:00"
    return "00:00:00" if phase <= 3 else "23:59:59"
