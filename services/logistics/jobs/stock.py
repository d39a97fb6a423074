"""Importing locations and counts."""

import csv
import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from chassis import uploads
from chassis.jobs import Computation, Jobs
from services.logistics.commands.stock import record_stock_import
from services.logistics.schemas.stock import NewLocation, NewMovement

_LOCATION = ("location", "name", "country", "region", "postcode", "city", "street")
_STOCK = ("sku", "location", "quantity")


@dataclass(frozen=True)
class _Error:
    file: str
    row: int
    column: str
    code: str
    message: str


def parse_stock(given: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Pure, in the child: `locations.csv` and `stock.csv`, or every wrong row."""
    answer: dict[str, Any] = {"locations": [], "stock": [], "errors": []}
    errors: list[_Error] = []
    try:
        files = uploads.files_of(given)
    except uploads.Unreadable as error:
        files, errors = {}, [_Error(given["name"], 1, "", "unreadable", str(error))]
    progress(0.3)
    for name, text in sorted(files.items()):
        if name == "locations.csv":
            answer["locations"] = _locations(name, text, errors)
        elif name == "stock.csv":
            answer["stock"] = _counts(name, text, errors)
        else:
            errors.append(_Error(name, 1, "", "unknown_file", "locations.csv or stock.csv"))
    return answer | {"errors": [asdict(error) for error in errors]}


def _rows(
    name: str, text: str, columns: tuple[str, ...], errors: list[_Error]
) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            message = f"the header lacks {', '.join(missing)}"
            errors.append(_Error(name, 1, missing[0], "missing_column", message))
            return []
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        errors.append(_Error(name, max(1, reader.line_num), "", "not_csv", str(error)))
        return []


def _locations(name: str, text: str, errors: list[_Error]) -> list[dict[str, Any]]:
    found = []
    for number, cells in _rows(name, text, _LOCATION, errors):
        values = {column: cells[column] or "" for column in _LOCATION if column != "location"}
        try:
            body = NewLocation(location_id=cells["location"], **values)
        except ValidationError as wrong:
            errors += _told(name, number, wrong)
        else:
            found.append(body.model_dump())
    return found


def _counts(name: str, text: str, errors: list[_Error]) -> list[tuple[str, str, int, int]]:
    """SKU, location, units, and the row they stand in."""
    found = []
    for number, cells in _rows(name, text, _STOCK, errors):
        values = {"sku": cells["sku"], "location_id": cells["location"], "kind": "count"}
        try:
            body = NewMovement.model_validate({**values, "quantity": cells["quantity"]})
        except ValidationError as wrong:
            errors += _told(name, number, wrong)
        else:
            found.append((body.sku, body.location_id, body.quantity, number))
    return found


def _told(name: str, number: int, wrong: ValidationError) -> list[_Error]:
    return [
        _Error(
            name,
            number,
            str(error["loc"][0]).removesuffix("_id"),
            error["type"],
            error["msg"].removeprefix("Value error, "),
        )
        for error in wrong.errors()
    ]


JOBS: Jobs = (
    Computation("stock import", "services.logistics.jobs.stock:parse_stock", record_stock_import),
)
