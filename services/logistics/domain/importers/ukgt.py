"""The UK government's table of December 2020: the UK's and the Union's base duties side by side.

The Union's rates are as of that table. Rows of ten digits below one of eight are what is charged
apart (aircraft parts, free of duty); the rest of the line has the rate of the eight.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from services.logistics.domain.tariff.hansa_csv import Parsed, Row, RowError
from services.logistics.domain.tariff.rates import read as read_rate

SINCE = "2021-01-01"
_BEGINS = {"GB": "2021-01-01T00:00:00Z", "EU": "2020-12-31T23:00:00Z"}  # midnight in each zone
_SOURCE = "UK government, UK Global Tariff and Common External Tariff compared, December 2020"
_LAWS = {"GB": "UK Global Tariff", "EU": "Common Customs Tariff"}
_TIED = "cet_applies_until_trade_remedy_transition_reviews_concluded"
_FLAGS = {  # column -> the warning that a calculation gives
    "trade_remedy_applies": "trade_remedy_possible",
    "suspension_applies": "suspension_possible",
    "atq_applies": "quota_possible",
}
COLUMNS = ("commodity", "description", "cet_duty_rate", "ukgt_duty_rate", "change", _TIED, *_FLAGS)
_CITED = {
    "valid_from": SINCE,
    "valid_to": "",
    "source": _SOURCE,
    "confidence": "medium",
    "note": "",
}


def read(files: Mapping[str, str]) -> Parsed:
    """One file. Any wrong row and there are no rows at all, only errors."""
    parsed = Parsed()
    if len(files) != 1:
        parsed.errors.append(RowError("", 1, "", "one_file", "send the table as one CSV file"))
        return parsed
    ((name, text),) = files.items()
    found = _rows(name, text, parsed)
    if not parsed.errors and not found:
        parsed.errors.append(RowError(name, 1, "", "empty", "the table has no rows"))
    if parsed.errors:
        return parsed
    below = _below(found)
    for code, row in sorted(found.items()):
        for jurisdiction in ("EU", "GB"):
            parsed.rows += _of_line(jurisdiction, row, below.get(code, ()))
            _count_unknown(parsed, _rate(jurisdiction, row))
    parsed.rows += _coverage()
    return parsed


def _rows(name: str, text: str, parsed: Parsed) -> dict[str, dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    found: dict[str, dict[str, str]] = {}
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
        if missing:
            message = f"the header lacks {', '.join(missing)}"
            parsed.errors.append(RowError(name, 1, missing[0], "missing_column", message))
            return {}
        for row in reader:
            error = _fault(row, found)
            if error is None:
                found[row["commodity"]] = row
            else:
                column, code, message = error
                value = str(row.get(column) or "")[:100]
                parsed.errors.append(RowError(name, reader.line_num, column, code, message, value))
    except csv.Error as error:
        parsed.errors.append(RowError(name, reader.line_num, "", "not_csv", str(error)))
    return found


def _fault(row: dict[str, Any], found: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Column, code and message of what is wrong with a row; None for a good one."""
    if None in row or None in row.values():
        return "", "wrong_length", "the row has more or fewer cells than the header"
    code = row["commodity"]
    if not (code.isascii() and code.isdigit() and len(code) in (8, 10)):
        return "commodity", "bad_code", "eight or ten digits: spreadsheets drop leading zeros"
    if code in found and found[code] != row:
        return "commodity", "duplicate", "this code stands above with other content"
    flags = [column for column in (_TIED, *_FLAGS) if row[column] not in ("True", "False")]
    if flags:
        return flags[0], "unknown_word", "True or False"
    empty = [column for column in ("cet_duty_rate", "ukgt_duty_rate") if not row[column].strip()]
    return (empty[0], "missing", "a rate, `Free` or 0.0% for none") if empty else None


def _below(found: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Of each row of eight digits: the rows of ten below it."""
    deeper: dict[str, list[str]] = {}
    for code in sorted(found):
        if len(code) == 10 and code[:8] in found:
            deeper.setdefault(code[:8], []).append(code)
    return {code: tuple(each) for code, each in deeper.items()}


def _rate(jurisdiction: str, row: Mapping[str, str]) -> str:
    """While reviews last the Union's rate is Britain's too: one in money is not to be told here."""
    if jurisdiction == "EU":
        return row["cet_duty_rate"]
    if row[_TIED] == "False":
        return row["ukgt_duty_rate"]
    expression = read_rate(row["cet_duty_rate"]).expression
    terms = expression.terms if expression else ()
    if len(terms) == 1 and terms[0].pct is not None:
        return row["cet_duty_rate"]
    return f"The rate of the Common External Tariff: {row['cet_duty_rate']}"


def _of_line(jurisdiction: str, row: Mapping[str, str], below: tuple[str, ...]) -> Iterator[Row]:
    code = row["commodity"]
    printed = ".".join(filter(None, (code[:4], code[4:6], code[6:8], code[8:])))
    cited = {**_CITED, "legal_ref": f"{_LAWS[jurisdiction]}, {printed}"}
    named = code if below else code.ljust(10, "0")  # one of its ten-digit rows may end on 00
    key = f"{jurisdiction.lower()}:base:{named}:mfn"
    hints = [word for flag, word in _FLAGS.items() if row[flag] == "True"]
    line = {
        "jurisdiction": jurisdiction,
        "code": code,
        "parent_code": code[:8] if len(code) == 10 else "",
        "description": " ".join(row["description"].split()),
        "declarable": "true",
        "units": "",
        **cited,
    }
    measure = {
        **dict.fromkeys(_BLANK, ""),
        "jurisdiction": jurisdiction,
        "measure_key": key,
        "kind": "mfn",
        "native_type": "103",
        "scope": ";".join([code, *(f"!{each}" for each in below)]),
        "origin_area": "1011",
        "tags": ";".join(["table", *hints]),
        "expression": _rate(jurisdiction, row),
        "legal_status": "in_force",
        **cited,
    }
    begins = _BEGINS[jurisdiction]
    yield Row("commodities", jurisdiction, code, begins, None, line)
    yield Row("measures", jurisdiction, key, begins, None, measure)


_BLANK = "origin_exclusions ship_from_area programme additional_code order_number mode".split()


def _count_unknown(parsed: Parsed, rate: str) -> None:
    if read_rate(rate).state != "parsed":
        parsed.unparsed[rate] = parsed.unparsed.get(rate, 0) + 1


def _coverage() -> Iterator[Row]:
    """All base rates of that day, and nothing besides them."""
    for jurisdiction, law in _LAWS.items():
        fields = {
            "jurisdiction": jurisdiction,
            "layer": "mfn",
            "state": "loaded",
            "as_of": "2020-12-31",
            "chapters": "",
            **_CITED,
            "legal_ref": law,
        }
        yield Row("coverage", jurisdiction, "mfn", _BEGINS[jurisdiction], None, fields)
