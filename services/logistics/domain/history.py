"""Shipments of the time before Hansa, a CSV row each: evidence of how a provider carried."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.values import CountryCode

MOST_ROWS = 20_000  # they are taken in by one transaction
_PROVENANCE = {"source", "date", "confidence"}
_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/#-]{1,64}$")]


def _none_if_blank(cell: Any) -> Any:
    return None if cell == "" else cell


_Known = BeforeValidator(_none_if_blank)  # a blank cell is not known


class Row(BaseModel):
    """One shipment as the merchant's own books tell it. `ended_at` in the destination's offset."""

    model_config = ConfigDict(extra="forbid")

    shipment: _Word
    order: _Word
    provider: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    service: Annotated[str, Field(pattern=r"^[A-Za-z0-9_. -]{0,40}$")]
    origin: CountryCode
    destination: CountryCode
    promised_on: Annotated[date | None, _Known]
    status: Literal["delivered", "returned", "lost"]
    ended_at: AwareDatetime
    attempts: Annotated[Annotated[int, Field(ge=0, le=50)] | None, _Known]
    damaged: bool
    complete: Annotated[bool | None, _Known]
    customs_days: Annotated[int, Field(ge=0, le=365)]

    @model_validator(mode="after")
    def _delivered_by_an_attempt(self) -> Self:
        if self.status == "delivered" and self.attempts == 0:
            raise ValueError("what was delivered was attempted; leave attempts blank if not known")
        return self


@dataclass(frozen=True)
class RowError:
    row: int  # of the file, the header being 1
    column: str
    code: str
    message: str
    value: str = ""


def read(text: str, at: datetime) -> tuple[list[dict[str, Any]], list[RowError]]:
    """Shipments as JSON would hold them, each with its row; or every wrong row. `at` is now."""
    errors: list[RowError] = []
    found: dict[str, dict[str, Any]] = {}
    for number, row in _rows(text, errors):
        if row.ended_at > at:
            message = "history has ended; follow what is on its way by POST /trackers"
            told = row.ended_at.isoformat()
            errors.append(RowError(number, "ended_at", "impossible", message, told))
        if row.shipment in found:
            message = f"it stands in row {found[row.shipment]['row']} too"
            errors.append(RowError(number, "shipment", "duplicate", message, row.shipment))
        found[row.shipment] = {"row": number, **row.model_dump(mode="json")}
    return list(found.values()), errors


def _rows(text: str, errors: list[RowError]) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        lacking = [name for name in Row.model_fields if name not in (reader.fieldnames or [])]
        if lacking:
            message = f"the header lacks {', '.join(lacking)}"
            errors.append(RowError(1, lacking[0], "missing_column", message))
            return
        count = 0
        for count, cells in enumerate(reader, start=1):
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
        yield number, Row.model_validate(told)
    except ValueError as wrong:
        errors += _told(number, wrong)


def _told(number: int, wrong: Any) -> list[RowError]:
    return [
        RowError(
            number,
            str(each["loc"][0]) if each["loc"] else "",
            each["type"],
            each["msg"].removeprefix("Value error, "),
            str(each["input"])[:100],
        )
        for each in wrong.errors()
    ]
