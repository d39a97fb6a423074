"""CSV rows of products, markets and listings into plain objects, cell by cell.

What an object means is checked where it is used; here only what a cell may hold.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

REQUIRED = {
    "products": ("sku", "product", "product_title", "title", "kind"),
    "markets": ("market", "name", "countries", "currency", "language", "incoterm", "zone"),
    "listings": ("sku", "market", "title", "price", "currency"),
}
COLUMNS = {
    "products": {
        *REQUIRED["products"], "status", "hs_code", "classification", "origin", "weight_g",
        "length_mm", "width_mm", "height_mm", "material", "customs_description",
        "dangerous_goods", "battery", "lot_tracked", "serial_tracked", "gtin",
    },
    "markets": {*REQUIRED["markets"], "price_includes_tax", "payment_methods", "rounding", "units"},
    "listings": {*REQUIRED["listings"], "description", "availability"},
}  # fmt: skip
PROVENANCE = {"source", "date", "confidence"}


@dataclass(frozen=True)
class RowError:
    row: int  # of the file, the header being 1
    column: str
    code: str
    message: str
    value: str = ""


@dataclass
class Parsed:
    """Objects in file order, each with the row it begins in."""

    found: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


class BadCell(ValueError):
    pass


def read(kind: str, text: str) -> Parsed:
    """`kind`: products, markets or listings. Every bad row is listed, all at once."""
    parsed = Parsed()
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    make = {"products": _variant, "markets": _market, "listings": _listing}[kind]
    try:
        parsed.errors += _header_errors(kind, list(rows.fieldnames or []))
        if parsed.errors:
            return parsed
        for cells in rows:
            _take(rows.line_num, cells, make, parsed)
    except csv.Error as error:
        parsed.errors.append(RowError(max(1, rows.line_num), "", "not_csv", str(error)))
    if not parsed.found and not parsed.errors:
        parsed.errors.append(RowError(1, "", "empty", "the file holds no row"))
    return parsed


def _header_errors(kind: str, header: list[str]) -> list[RowError]:
    missing = [name for name in REQUIRED[kind] if name not in header]
    known = COLUMNS[kind] | PROVENANCE
    strange = [
        name
        for name in header
        if name not in known and not (kind == "products" and name.startswith("hs_"))
    ]
    return [RowError(1, name, "missing_column", f"the header lacks {name}") for name in missing] + [
        RowError(1, name, "unknown_column", f"no such column: {name}") for name in strange
    ]


def _take(
    number: int,
    cells: dict[str, Any],
    make: Callable[[Mapping[str, str]], dict[str, Any]],
    parsed: Parsed,
) -> None:
    if None in cells or None in cells.values():
        message = "the row has more or fewer cells than the header"
        parsed.errors.append(RowError(number, "", "wrong_length", message))
        return
    try:
        parsed.found.append((number, make({name: cell.strip() for name, cell in cells.items()})))
    except BadCell as error:
        column, message = error.args
        value = str(cells.get(column, ""))[:100]
        parsed.errors.append(RowError(number, column, "bad_cell", message, value))


def _variant(cells: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "handle": cells["product"],
        "product_title": cells["product_title"],
        "kind": cells["kind"],
        "status": cells.get("status") or "draft",
        "sku": cells["sku"],
        "title": cells["title"],
        "hs_code": cells.get("hs_code") or None,
        "hs_extensions": {
            name.removeprefix("hs_").upper(): code
            for name, code in cells.items()
            if name.startswith("hs_") and name != "hs_code" and code
        },
        "classification": cells.get("classification") or "proposed",
        "origin": cells.get("origin") or None,
        "material": cells.get("material", ""),
        "customs_description": cells.get("customs_description", ""),
        "gtin": cells.get("gtin") or None,
    }
    for name in ("weight_g", "length_mm", "width_mm", "height_mm"):
        made[name] = _whole(cells, name)
    for name in ("dangerous_goods", "battery", "lot_tracked", "serial_tracked"):
        made[name] = _flag(cells, name)
    return made


def _market(cells: Mapping[str, str]) -> dict[str, Any]:
    return {
        "code": cells["market"],
        "name": cells["name"],
        "countries": _list(cells, "countries"),
        "currency": cells["currency"],
        "language": cells["language"],
        "incoterm": cells["incoterm"],
        "price_includes_tax": _flag(cells, "price_includes_tax"),
        "payment_methods": _list(cells, "payment_methods"),
        "rounding": cells.get("rounding") or "0.01",
        "zone": cells["zone"],
    }


def _listing(cells: Mapping[str, str]) -> dict[str, Any]:
    shown = cells.get("availability") or "available"
    if shown not in ("available", "unavailable"):
        raise BadCell("availability", "available or unavailable")
    return {
        "sku": cells["sku"],
        "market": cells["market"],
        "title": cells["title"],
        "description": cells.get("description", ""),
        "price": {"amount": cells["price"], "currency": cells["currency"]},
        "available": shown == "available",
    }


def _whole(cells: Mapping[str, str], name: str) -> int | None:
    text = cells.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadCell(name, "a whole number; leave it empty where it is not known")
    return int(text)


def _flag(cells: Mapping[str, str], name: str) -> bool:
    text = cells.get(name) or "false"
    if text not in ("true", "false"):
        raise BadCell(name, "true or false")
    return text == "true"


def _list(cells: Mapping[str, str], name: str) -> list[str]:
    return [part for part in cells.get(name, "").split(";") if part]
