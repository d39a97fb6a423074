"""HTTP bodies of the look-up: one line in, the whole ledger out."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.values import CountryCode, Currency, Incoterm, Money

Decimals = Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,4})?$")]
Code = Annotated[str, Field(pattern=r"^\d{4,10}$")]


class DutyAsked(BaseModel):
    """Query of the look-up. `value`, `shipping` and `insurance` are of the whole line."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Annotated[CountryCode, Field(alias="from")]
    to: CountryCode
    code: Code
    value: Decimals
    currency: Currency
    origin: CountryCode | None = None  # where it was made; else where it is sent from
    region: Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z0-9 -]*$")] = ""
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    weight_g: Annotated[int | None, Field(ge=1, le=1_000_000_000)] = None
    shipping: Decimals = "0"
    insurance: Decimals = "0"
    incoterm: Incoterm = Incoterm.DAP
    buyer: Literal["consumer", "business"] = "consumer"


class DutyOut(BaseModel):
    """Amounts are in the currency of the destination's law; null where a charge is unknown."""

    jurisdiction: str
    code: str
    origin: str
    status: Literal["complete", "incomplete", "blocked"]
    goods: Money
    duties: Money | None
    taxes: Money | None
    fees: Money | None
    charges: Money | None = Field(description="All of them; null where any is unknown")
    at_least: Money = Field(description="What is known of the charges")
    valid_at: datetime
    known_at: datetime
    ledger: dict[str, Any]


class FoundCommodity(BaseModel):
    """A line of a schedule; `path` are its headings, from the outermost."""

    code: str
    description: str
    path: list[str]
    declarable: bool


class FoundCommodities(BaseModel):
    data: list[FoundCommodity]
