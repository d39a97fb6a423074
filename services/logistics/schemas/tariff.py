"""HTTP bodies of quotes and tariffs."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.logistics import QuotedTotals
from contracts.values import CountryCode, Incoterm, Money, Sku

PLAIN = r"^[^\x00-\x1f\x7f]*$"
Word = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9._ -]*$")]


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")

    country: CountryCode
    region: Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z0-9 -]*$")] = ""
    postcode: Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z0-9 -]*$")] = ""


class QuoteLine(BaseModel):
    """What is left out is filled from what catalog said of the SKU, and shown as filled."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    net_weight_g: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
    quantities: dict[
        Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")],
        Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,6})?$")],
    ] = {}


class ShippingWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: Word | None = None
    service_class: Literal["economy", "standard", "express"] | None = None


OfferToken = Annotated[str, Field(max_length=4_000, pattern=r"^[A-Za-z0-9_.-]+$")]


class NewQuote(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "destination": {"country": "US"},
                    "lines": [{"sku": "TEA-ASSAM-250", "quantity": 2}],
                }
            ]
        },
    )

    destination: Place
    lines: Annotated[list[QuoteLine], Field(min_length=1, max_length=200)]
    market: Annotated[str | None, Field(pattern=r"^[A-Z]{2,8}$")] = None
    incoterm: Incoterm | None = None
    buyer: Literal["consumer", "business"] = "consumer"
    schemes: Annotated[list[Word], Field(max_length=10)] = []
    shipping: ShippingWish = ShippingWish()
    offers: Annotated[list[OfferToken], Field(max_length=1)] = []  # of one buyer, as signed


class OptionOut(BaseModel):
    provider_id: str
    service: str
    service_class: str
    price: Money
    promised_on: date | None
    chosen: bool


class ExcludedOut(BaseModel):
    provider_id: str
    service: str
    reasons: list[str]


class GapOut(BaseModel):
    pointer: str
    code: str
    severity: str
    message: str
    measure_keys: list[str] = []


class QuoteOut(BaseModel):
    """`ledger` is vouched for by the token; both go into the order as they are."""

    quote_id: str
    status: Literal["complete", "incomplete", "blocked"]
    token: str | None
    expires_at: datetime
    market: str
    destination: Place
    incoterm: Incoterm
    totals: QuotedTotals | None = Field(description="Null where a charge is unknown")
    shipping_options: list[OptionOut]
    excluded: list[ExcludedOut]
    gaps: list[GapOut]
    warnings: list[str]
    filled: dict[str, str] = Field(description="What was filled in, and from where")
    valid_at: datetime
    known_at: datetime
    ledger: dict[str, Any]


class CoverageOut(BaseModel):
    """Which layers of each jurisdiction's charges are loaded."""

    jurisdiction: str
    layers: dict[str, str]
    commodities: int
    known_at: datetime


class CoverageList(BaseModel):
    data: list[CoverageOut]


class MeasureOut(BaseModel):
    measure_key: str
    kind: str
    native_type: str
    expression_text: str
    understood: bool
    origin_area: str
    legal_status: str
    source: str
    legal_ref: str
    confidence: str
    valid_from: datetime
    valid_to: datetime | None


class CommodityOut(BaseModel):
    jurisdiction: str
    code: str
    declarable: bool
    measures: list[MeasureOut]
