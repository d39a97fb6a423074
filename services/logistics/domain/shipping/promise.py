"""When a parcel is promised: picked up after the cut-off, carried for working days of both ends.

Weekends and public holidays are the countries' (`holidays` library, nation-wide days only).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from services.logistics.domain.shipping.card import Lane

ENOUGH_MEASURED = 30
_DAY = timedelta(days=1)
_SATURDAY_SUNDAY = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Measured:
    """What parcels of the lane took so far: the date by which 80 % would arrive, of n parcels."""

    p80_on: date
    n: int


@dataclass(frozen=True, slots=True)
class Promise:
    picked_up_on: date  # local date of the origin
    promised_on: date  # local date of the destination
    declared_on: date
    p80_on: date | None = None
    n: int = 0
    unknown_calendars: tuple[str, ...] = ()  # countries whose holidays are not known


def promise(
    hand_over: datetime, lane: Lane, origin: str, destination: str, measured: Measured | None = None
) -> Promise:
    """From an aware hand-over time; countries are ISO alpha-2. The later of the declared date and
    the measured p80, once 30 parcels are measured; always a day on which the service delivers.
    """
    picked_up_on = pick_up(hand_over, lane, origin)
    declared_on = picked_up_on
    for _ in range(lane.transit_max):
        declared_on += _DAY
        while not (works(origin, declared_on) and works(destination, declared_on)):
            declared_on += _DAY
    declared_on = _first_working(destination, lane.delivery_days, declared_on)
    promised_on = declared_on
    if measured is not None and measured.n >= ENOUGH_MEASURED:
        p80_on = _first_working(destination, lane.delivery_days, measured.p80_on)
        promised_on = max(declared_on, p80_on)
    return Promise(
        picked_up_on,
        promised_on,
        declared_on,
        measured.p80_on if measured else None,
        measured.n if measured else 0,
        tuple(sorted({end for end in (origin, destination) if not is_calendar_known(end)})),
    )


def pick_up(hand_over: datetime, lane: Lane, origin: str) -> date:
    """The next pick-up day; what is ready at the cut-off itself still leaves that day."""
    local = hand_over.astimezone(ZoneInfo(lane.timezone))
    day = local.date() if local.time() <= lane.cutoff else local.date() + _DAY
    return _first_working(origin, lane.pickup_days, day)


def works(country: str, day: date, weekdays: frozenset[int] | None = None) -> bool:
    """Whether a day is worked; `weekdays` replaces the country's own week, never its holidays."""
    free, weekend = _calendar(country, day.year)
    worked = day.weekday() in weekdays if weekdays is not None else day.weekday() not in weekend
    return worked and day not in free


def is_calendar_known(country: str) -> bool:
    return country in _supported()


def _first_working(country: str, weekdays: frozenset[int] | None, day: date) -> date:
    while not works(country, day, weekdays):
        day += _DAY
    return day


@lru_cache(maxsize=2_000)
def _calendar(country: str, year: int) -> tuple[frozenset[date], frozenset[int]]:
    """Public holidays and weekend. An unknown country has a weekend only; the promise says so."""
    if not is_calendar_known(country):
        return frozenset(), _SATURDAY_SUNDAY
    known = holidays.country_holidays(country, years=year)
    return frozenset(known), frozenset(known.weekend)


@lru_cache(maxsize=1)
def _supported() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries(include_aliases=False))
