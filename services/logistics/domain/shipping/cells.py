"""One row of a CSV, read cell by cell; what cannot be read is noted, never guessed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from contracts.values import COUNTRIES, CURRENCIES, minor_units

T = TypeVar("T")
WEEKDAYS = {day: at for at, day in enumerate("mon tue wed thu fri sat sun".split())}
_WHOLE = re.compile(r"-?[0-9]{1,12}")
_AREA = re.compile(r"([A-Z]{2})(/[A-Z0-9-]{1,8}|:[A-Z0-9]{1,10})?")


@dataclass(frozen=True, slots=True)
class RowError:
    file: str
    row: int  # the line in the file; the header is 1
    column: str
    code: str
    message: str
    value: str


class Unreadable(ValueError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Row:
    file: str
    line: int
    cells: Mapping[str, str]
    errors: list[RowError] = field(default_factory=list)

    @property
    def source(self) -> str:
        return f"{self.file}:{self.line}"

    def required(self, column: str, read: Callable[[str], T]) -> T:
        """What the cell says. A row with errors is dropped, so its Nones are never used."""
        if not self.cells.get(column):
            self.refuse(column, "missing", f"{column} is required here")
            return cast(T, None)
        return cast(T, self.optional(column, read))

    def optional(self, column: str, read: Callable[[str], T]) -> T | None:
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            return read(text)
        except Unreadable as error:
            self.refuse(column, error.code, str(error))
        except ValueError as error:
            self.refuse(column, "unreadable", str(error))
        return None

    def refuse(self, column: str, code: str, message: str) -> None:
        value = self.cells.get(column, "")
        self.errors.append(RowError(self.file, self.line, column, code, message, value))


def matching(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise Unreadable("unreadable", f"{text!r} does not match {pattern}")
        return text

    return read


def one_of(*words: str, code: str = "unknown_name") -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise Unreadable(code, f"{text!r} is none of {', '.join(words)}")
        return text

    return read


def whole(least: int = 0) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise Unreadable("unreadable", f"{text!r} is no whole number")
        if int(text) < least:
            code = "negative" if int(text) < 0 else "unreadable"
            raise Unreadable(code, f"{text!r} is less than {least}")
        return int(text)

    return read


def money(currency: str) -> Callable[[str], int]:
    """Integer minor units, never negative."""

    def read(text: str) -> int:
        minor = minor_units(text, currency)
        if minor < 0:
            raise Unreadable("negative", f"a price of {text} is below zero")
        return minor

    return read


def percent(text: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        raise Unreadable("unreadable", f"{text!r} is no percentage such as 14.75") from None
    if not share.is_finite() or share > 1000:
        raise Unreadable("unreadable", f"{text!r} is no percentage such as 14.75")
    if share < 0:
        raise Unreadable("negative", f"{text!r} is below zero")
    return share


def currency(text: str) -> str:
    if text not in CURRENCIES:
        raise Unreadable("bad_currency", f"{text!r} is no ISO 4217 currency, such as EUR")
    return text


def country(text: str) -> str:
    if text not in COUNTRIES:
        raise Unreadable("unreadable", f"{text!r} is no ISO 3166-1 country, such as DE")
    return text


def area(text: str) -> str:
    match = _AREA.fullmatch(text)
    if match is None:
        raise Unreadable("unreadable", f"{text!r} is no area such as DE, US/CA or GB:HS")
    country(match[1])
    return text


def day(text: str) -> date:
    return date.fromisoformat(text)


def clock(text: str) -> time:
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        raise Unreadable("unreadable", f"{text!r} is no time of day such as 15:00")
    return time.fromisoformat(text)


def timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, KeyError, ValueError):
        raise Unreadable("unreadable", f"{text!r} is no IANA zone, such as Europe/Berlin") from None
    return text


def listed(read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """`a|b|c`, each read the same way."""
    return lambda text: tuple(read(part.strip()) for part in text.split("|"))


def weekdays(text: str) -> frozenset[int]:
    return frozenset(WEEKDAYS[name] for name in listed(one_of(*WEEKDAYS))(text))
