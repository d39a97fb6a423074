"""Rate cards from CSV: all of them, or every row that is wrong.

One header; columns found by name; `record` says what a row is (card, lane, band, step, piece,
surcharge, limit, option), `provider,service,version` whose it is. Money is a decimal text in the
card's currency, `a|b` a list, `valid_to` inclusive, lines that begin with # are skipped.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

from services.logistics.domain.shipping import card_checks, card_rows
from services.logistics.domain.shipping.card import (
    Band,
    Lane,
    Limits,
    Option,
    Piece,
    RateCard,
    Step,
    Surcharge,
)
from services.logistics.domain.shipping.card_rows import CardKey, Part
from services.logistics.domain.shipping.cells import Row, RowError, one_of

_IDENTITY = ("record", "provider", "service", "version")
_LISTED_LIMITS = ("refused_countries", "refused_goods")
_LIMIT_FIELDS = {"max_value": "max_value_minor"}


def parse_cards(texts: str | Mapping[str, str]) -> tuple[tuple[RateCard, ...], list[RowError]]:
    """From one text, or {file name: text}. With any error no card is returned."""
    files = {"rates.csv": texts} if isinstance(texts, str) else texts
    errors: list[RowError] = []
    rows = [row for file, text in files.items() for row in _rows(file, text, errors)]
    cards = _cards(rows, errors)
    parts = _parts(rows, cards, errors)
    errors += [error for row in rows for error in row.errors]
    broken = {_identity(row) for row in rows if row.errors}
    whole = []
    for key, card in cards.items():
        done, joint_errors = _assembled(card, parts[key])
        errors += joint_errors
        if key not in broken:  # a dropped row would show as a zone without a price
            errors += card_checks.card_errors(done)
        whole.append(done)
    if not errors:
        errors += card_checks.validity_overlaps(whole)
    errors.sort(key=lambda error: (error.file, error.row))
    return ((), errors) if errors else (tuple(whole), [])


def _rows(file: str, text: str, errors: list[RowError]) -> Iterable[Row]:
    lines = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""))
    header: list[str] | None = None
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if header is None:
                header = [name.strip() for name in cells]
                errors += _header_errors(file, lines.line_num, header)
                continue
            row = Row(file, lines.line_num, dict(zip(header, map(str.strip, cells), strict=False)))
            if len(cells) > len(header):
                row.refuse("record", "unreadable", "more cells than the header has columns")
            yield row
    except csv.Error as error:
        errors.append(RowError(file, lines.line_num, "", "unreadable", str(error), ""))
    if header is None:
        errors.append(RowError(file, 1, "", "missing_column", "the file has no header", ""))


def _header_errors(file: str, line: int, header: list[str]) -> list[RowError]:
    unknown = [name for name in header if name not in card_rows.COLUMNS]
    twice = sorted({name for name in header if header.count(name) > 1})
    missing = [name for name in _IDENTITY if name not in header]
    named = {"unknown_column": unknown, "duplicate": twice, "missing_column": missing}
    return [
        RowError(file, line, name, code, f"{code.replace('_', ' ')}: {name or 'no name'}", name)
        for code, names in named.items()
        for name in names
    ]


def _cards(rows: Iterable[Row], errors: list[RowError]) -> dict[CardKey, RateCard]:
    cards: dict[CardKey, RateCard] = {}
    for row in rows:
        if row.required("record", one_of(*card_rows.RECORDS, code="unknown_record")) != "card":
            continue
        key = card_rows.key_of(row)
        card = card_rows.card(row, key)
        if key in cards:
            errors.append(
                card_checks.error_at(
                    row.source, "version", "duplicate", "a second row of this card"
                )
            )
        cards.setdefault(key, card)
    return cards


def _parts(
    rows: Iterable[Row], cards: Mapping[CardKey, RateCard], errors: list[RowError]
) -> dict[CardKey, list[Part]]:
    parts: dict[CardKey, list[Part]] = defaultdict(list)
    for row in rows:
        read = card_rows.READERS.get(row.cells.get("record", ""))
        if read is None:
            continue
        key = card_rows.key_of(row)
        if key not in cards:
            message = "no card row has this provider, service and version"
            errors.append(card_checks.error_at(row.source, "version", "card_missing", message))
            continue
        part = read(row, cards[key].currency or "EUR")  # a bad currency is an error already
        if not row.errors:
            parts[key].append(part)
    return parts


def _identity(row: Row) -> CardKey:
    provider, service, version = (row.cells.get(column, "") for column in _IDENTITY[1:])
    return provider, service, version


def _assembled(card: RateCard, parts: Sequence[Part]) -> tuple[RateCard, list[RowError]]:
    bands, band_errors = card_checks.chained(p for p in parts if isinstance(p, Band))
    steps, step_errors = card_checks.stepped([p for p in parts if isinstance(p, Step)], bands)
    whole = replace(
        card,
        lanes=tuple(p for p in parts if isinstance(p, Lane)),
        bands=bands,
        steps=steps,
        pieces=tuple(p for p in parts if isinstance(p, Piece)),
        surcharges=tuple(
            sorted(
                (p for p in parts if isinstance(p, Surcharge)), key=lambda s: (s.order, s.source)
            )
        ),
        options=tuple(p for p in parts if isinstance(p, Option)),
        limits=_limits(p for p in parts if isinstance(p, tuple)),
    )
    return whole, band_errors + step_errors


def _limits(named: Iterable[tuple[str, object]]) -> Limits:
    """Of two rows with one name the last counts."""
    fields: dict[str, Any] = {}
    for name, value in named:
        if name in _LISTED_LIMITS and isinstance(value, tuple):
            fields[name] = frozenset(value)
        else:
            fields[_LIMIT_FIELDS.get(name, name)] = value
    return replace(Limits(), **fields)
