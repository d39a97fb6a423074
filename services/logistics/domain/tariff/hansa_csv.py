"""Hansa CSV: a folder of rules, one file per table. One bad row and nothing of it is taken.

`read(files) -> Parsed` is pure. A rate text that is not understood is no error: it is kept, charged
as unknown, and counted.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from services.logistics.domain.tariff.conditions import OPERATORS
from services.logistics.domain.tariff.law import (
    ADDED_KINDS,
    CONTROLS,
    MODES,
    OPTION_KINDS,
    RELIEF_KINDS,
    ROUNDING_MODES,
    STANDARD_KINDS,
    ZONES,
)
from services.logistics.domain.tariff.rates import read as read_rate

_CITED = ("valid_from", "valid_to", "source", "legal_ref", "confidence")
_KEYS = {  # table -> its columns besides the cited ones, and which of them name a row
    "commodities": ("jurisdiction code parent_code description declarable units", "code"),
    "measures": (
        "jurisdiction measure_key kind native_type scope origin_area origin_exclusions "
        "ship_from_area programme additional_code order_number tags mode expression legal_status",
        "measure_key",
    ),
    "conditions": (
        "jurisdiction measure_key group seq requires operator amount unit currency action "
        "expression",
        "measure_key group seq",
    ),
    "lists": ("jurisdiction list family code include", "list code"),
    "quotas": (
        "jurisdiction order_number period volume unit critical_pct max_age_h balance status",
        "order_number",
    ),
    "relations": ("jurisdiction subject relation object on_basis precedence", "subject object"),
    "areas": ("area kind member", "area member"),
    "territories": ("market region jurisdiction tax_area", "market region"),
    "valuation": ("jurisdiction basis missing_freight entered_value_increment", ""),
    "taxes": ("jurisdiction tax base method collected_by", "tax"),
    "tax_rates": ("jurisdiction tax tax_area class rate", "tax tax_area class"),
    "fees": (
        "jurisdiction fee base pct min max flat currency per applies payee taxable",
        "fee applies",
    ),
    "reliefs": (
        "jurisdiction rule_key kind threshold currency comparator measured_on level conditions "
        "relieves effect precedence",
        "rule_key",
    ),
    "fx_rules": (
        "jurisdiction purpose series date_basis period fallback_series",
        "purpose",
    ),
    "fx_rates": ("series base quote rate period", "series base quote period"),
    "rounding": ("jurisdiction kind level increment mode", "kind"),
    "coverage": ("jurisdiction layer state as_of chapters", "layer"),
}
TABLES = tuple(_KEYS)


@dataclass(frozen=True)
class RowError:
    file: str
    row: int  # of the file, the header being 1
    column: str
    code: str
    message: str
    value: str = ""


@dataclass(frozen=True)
class Row:
    """One rule. Times are instants in UTC; `valid_to` is None where it is open."""

    table: str
    jurisdiction: str  # empty for what belongs to none
    key: str
    valid_from: str
    valid_to: str | None
    fields: Mapping[str, str]


@dataclass
class Parsed:
    rows: list[Row] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unparsed: dict[str, int] = field(default_factory=dict)  # rate text -> how often


def read(files: Mapping[str, str]) -> Parsed:
    """`files`: name -> text. Errors are listed all at once, each with file, row and column."""
    parsed = Parsed()
    seen: dict[tuple[str, str, str, str], int] = {}
    for name, text in sorted(files.items()):
        table = name.rpartition("/")[2].removesuffix(".csv")
        if table not in _KEYS:
            known = ", ".join(TABLES)
            parsed.errors.append(RowError(name, 1, "", "unknown_file", f"no such table: {known}"))
            continue
        _read_table(name, table, text, parsed, seen)
    if not files:
        parsed.errors.append(RowError("", 1, "", "empty", "there is no CSV file to read"))
    return parsed


def _read_table(
    name: str, table: str, text: str, parsed: Parsed, seen: dict[tuple[str, str, str, str], int]
) -> None:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    wanted = [*_KEYS[table][0].split(), *_CITED]
    try:
        missing = [column for column in wanted if column not in (reader.fieldnames or [])]
        if missing:
            message = f"the header lacks {', '.join(missing)}"
            parsed.errors.append(RowError(name, 1, missing[0], "missing_column", message))
            return
        for fields in reader:
            _read_row(name, table, reader.line_num, fields, parsed, seen)
    except csv.Error as error:
        parsed.errors.append(RowError(name, reader.line_num, "", "not_csv", str(error)))


def _read_row(
    name: str,
    table: str,
    number: int,
    fields: Mapping[str, Any],
    parsed: Parsed,
    seen: dict[tuple[str, str, str, str], int],
) -> None:
    def wrong(column: str, code: str, message: str) -> None:
        value = str(fields.get(column) or "")[:100]
        parsed.errors.append(RowError(name, number, column, code, message, value))

    before = len(parsed.errors)
    if None in fields or None in fields.values():
        return wrong("", "wrong_length", "the row has more or fewer cells than the header")
    jurisdiction = fields.get("jurisdiction", "")
    zone = ZoneInfo(ZONES.get(jurisdiction, "UTC"))
    since = _instant(fields["valid_from"], zone, wrong, "valid_from", last=False)
    until = _instant(fields["valid_to"], zone, wrong, "valid_to", last=True)
    _check(table, fields, wrong)
    if since is None and fields["valid_from"] == "":
        wrong("valid_from", "missing", "since when is this in force?")
    if len(parsed.errors) > before or since is None:
        return None
    key = "|".join(fields[column] for column in _KEYS[table][1].split())
    identity = (table, jurisdiction, key, since)
    if identity in seen:
        return wrong("valid_from", "duplicate", f"the same rule stands in row {seen[identity]}")
    seen[identity] = number
    is_charge = table == "measures" and fields["kind"] not in CONTROLS
    if is_charge and read_rate(fields["expression"]).state != "parsed":
        text = fields["expression"]
        parsed.unparsed[text] = parsed.unparsed.get(text, 0) + 1
    parsed.rows.append(Row(table, jurisdiction, key, since, until, dict(fields)))
    return None


Wrong = Callable[[str, str, str], None]


def _check(table: str, fields: Mapping[str, str], wrong: Wrong) -> None:
    if not fields["source"]:
        wrong("source", "missing", "every rule names its source")
    if fields["confidence"] not in ("high", "medium", "low"):
        wrong("confidence", "unknown_word", "high, medium or low")
    if "jurisdiction" in fields and fields["jurisdiction"] not in ZONES:
        wrong("jurisdiction", "unknown_word", f"one of {', '.join(ZONES)}")
    for column in _DECIMALS.get(table, ()):
        _check_number(fields[column], column, wrong)
    for column, words in _WORDS.get(table, {}).items():
        if fields[column] not in words:
            wrong(column, "unknown_word", f"one of {', '.join(sorted(words - {''}))}")
    _check_codes(table, fields, wrong)


def _check_codes(table: str, fields: Mapping[str, str], wrong: Wrong) -> None:
    if table in ("commodities", "lists"):
        _check_code(fields["code"], "code", wrong, chapter=table == "lists")
    for part in fields["scope"].split(";") if table == "measures" else ():
        if not part.startswith("list:"):
            _check_code(part.removeprefix("!"), "scope", wrong, chapter=True)


_KINDS = {*STANDARD_KINDS, *OPTION_KINDS, *ADDED_KINDS, *CONTROLS, "excise", "vat", "fee"}
_WORDS = {  # what an enumeration of the engine may be; a word it does not know is charged wrongly
    "measures": {
        "kind": _KINDS | {"supplementary_unit"},
        "mode": {"", *MODES},
        "legal_status": {"", "in_force", "challenged", "suspended", "proposed"},
    },
    "conditions": {
        "action": {
            "apply", "apply_expression", "not_apply", "allow", "refuse", "correct_declaration",
        },
        "operator": {"", *OPERATORS},
    },
    "lists": {"include": {"true", "false"}},
    "relations": {"relation": {"excludes", "displaces", "max_of", "stacks"}},
    "reliefs": {"comparator": {"<", "<="}, "kind": set(RELIEF_KINDS)},
    "rounding": {"mode": set(ROUNDING_MODES)},
}  # fmt: skip
_DECIMALS = {
    "conditions": ("seq", "amount"),
    "quotas": ("volume", "critical_pct", "max_age_h", "balance"),
    "rounding": ("increment",),
    "fees": ("pct", "min", "max", "flat"),
    "reliefs": ("threshold", "precedence"),
    "fx_rates": ("rate",),
    "tax_rates": ("rate",),
}


def _check_number(text: str, column: str, wrong: Wrong) -> None:
    try:
        fine = text == "" or Decimal(text.removesuffix("%")).is_finite()
    except InvalidOperation:
        fine = False
    if not fine:
        wrong(column, "not_a_number", "a decimal number with a point")


def _check_code(code: str, column: str, wrong: Wrong, *, chapter: bool = False) -> None:
    """Spreadsheets drop leading zeros: an odd number of digits is an error, never mended."""
    least = 2 if chapter else 4
    if not (code.isascii() and code.isdigit() and len(code) % 2 == 0 and least <= len(code) <= 10):
        wrong(column, "bad_code", f"{code!r}: an even number of digits, {least} to 10")


def _instant(text: str, zone: ZoneInfo, wrong: Wrong, column: str, *, last: bool) -> str | None:
    """A legal day in its own zone; an inclusive last day ends at the next local midnight."""
    if not text:
        return None
    try:
        if len(text) > 10:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError(text)
        else:
            day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
            moment = datetime.combine(day, time(), zone)
    except (ValueError, OverflowError):
        wrong(column, "bad_date", "a day such as 2026-07-01, or an instant with its offset")
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
