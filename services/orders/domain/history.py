"""Orders of the time before Hansa, a CSV row per line; taken whole or refused with its rows."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from contracts.values import CountryCode, Currency, Sku, minor_units

MOST_ROWS = 20_000  # they are taken in by one transaction
_HEAD = ("placed_at", "buyer_id", "market", "destination", "currency", "status", "ended_at")
_PROVENANCE = {"source", "date", "confidence"}
_DECIMAL = r"^\d{1,12}(\.\d{1,4})?$"


class Row(BaseModel):
    """One line of a past order. `value` is of the whole line, after discounts, before tax."""

    model_config = ConfigDict(extra="forbid")

    order: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/#-]{1,64}$")]
    placed_at: AwareDatetime
    buyer_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    market: Annotated[str, Field(pattern=r"^[A-Z]{2,8}$")]
    destination: CountryCode
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    value: Annotated[str, Field(pattern=_DECIMAL)]
    currency: Currency
    status: Literal["completed", "cancelled"]
    ended_at: AwareDatetime


@dataclass(frozen=True)
class RowError:
    row: int  # of the file, the header being 1
    column: str
    code: str
    message: str
    value: str = ""


def read(text: str, at: datetime) -> tuple[list[dict[str, Any]], list[RowError]]:
    """Orders as JSON would hold them, each with the row it begins in; or every wrong row.

    `at` is now: history has ended.
    """
    errors: list[RowError] = []
    orders: dict[str, dict[str, Any]] = {}
    for number, row in _rows(text, errors):
        errors += _impossible(number, row, at)
        _add(orders, number, row, errors)
    return list(orders.values()), errors


def _rows(text: str, errors: list[RowError]) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        lacking = [name for name in Row.model_fields if name not in (reader.fieldnames or [])]
        if lacking:
            message = f"the header lacks {', '.join(lacking)}"
            errors.append(RowError(1, lacking[0], "missing_column", message))
            return
        count = 0
        for cells in reader:
            count += 1
            if count > MOST_ROWS:
                message = f"at most {MOST_ROWS} rows in one file; send the others in another"
                errors.append(RowError(reader.line_num, "", "too_many_rows", message))
                return
            yield from _row(reader.line_num, cells, errors)
        if not count:
            errors.append(RowError(1, "", "empty", "the file holds no row"))
    except csv.Error as error:
        errors.append(RowError(max(1, reader.line_num), "", "not_csv", str(error)))


def _row(number: int, cells: dict[str, Any], errors: list[RowError]) -> Iterator[tuple[int, Row]]:
    if None in cells or None in cells.values():
        message = "the row has more or fewer cells than the header"
        errors.append(RowError(number, "", "wrong_length", message))
        return
    told = {name: cell.strip() for name, cell in cells.items() if name not in _PROVENANCE}
    try:
        row = Row.model_validate(told)
        minor_units(row.value, row.currency)
        yield number, row
    except ValidationError as wrong:
        for each in wrong.errors():
            message = each["msg"].removeprefix("Value error, ")
            column = str(each["loc"][0])
            errors.append(RowError(number, column, each["type"], message, str(each["input"])[:100]))
    except ValueError as wrong:
        errors.append(RowError(number, "value", "too_exact", str(wrong), told["value"]))


def _impossible(number: int, row: Row, at: datetime) -> list[RowError]:
    if row.ended_at < row.placed_at:
        message = "an order ends after it was placed"
    elif row.ended_at > at:
        message = "history has ended; place orders that are open through POST /orders"
    else:
        return []
    return [RowError(number, "ended_at", "impossible", message, row.ended_at.isoformat())]


def _add(orders: dict[str, dict[str, Any]], number: int, row: Row, errors: list[RowError]) -> None:
    """Rows of one order tell its lines; what is of the whole order is the same in each."""
    told = row.model_dump(mode="json")
    head = {name: told[name] for name in _HEAD}
    order = orders.setdefault(row.order, {"row": number, "order": row.order, **head, "lines": []})
    for name in _HEAD:
        if order[name] != head[name]:
            message = f"row {order['row']} of order {row.order} says {order[name]}"
            errors.append(RowError(number, name, "differs", message, str(head[name])))
    if any(line["sku"] == row.sku for line in order["lines"]):
        message = f"order {row.order} has a line of {row.sku} already; sum them"
        errors.append(RowError(number, "sku", "duplicate", message, row.sku))
    line = {"sku": row.sku, "quantity": row.quantity, "value": row.value}
    order["lines"].append(line)
