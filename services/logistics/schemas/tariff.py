"""HTTP bodies of quotes and tariffs."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.logistics import QuotedTotals
from contracts.values import CountryCode, Incoterm, Money, Sku
from services.logistics.schemas.declared import Amount, ClaimIn, DeclaredOfLine, Word


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")

    country: CountryCode
    region: Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z0-9 -]*$")] = ""
    postcode: Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z0-9 -]*$")] = ""


class QuoteLine(DeclaredOfLine):
    """What is left out is filled from what catalog said of the SKU, and shown as filled."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100_000)]


class ShippingWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: Word | None = None
    service_class: Literal["economy", "standard", "express"] | None = None


OfferToken = Annotated[str, Field(max_length=4_000, pattern=r"^[A-Za-z0-9_.-]+$")]
LineId = Annotated[str, Field(pattern=r"^l\d{1,3}$")]
PriceTerm = Literal["EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU"]
_FREIGHT = "International freight as stated; else what the chosen shipping option costs"
_INSURANCE = "As stated, `0` for none; where the price does not contain it, the buyer pays it"


class NewQuote(BaseModel):
    """`price_term` says what the listed prices contain, `incoterm` who pays what.

    Only a destination and lines of SKU and quantity are needed. What lowers a charge, or says what
    a price contains, is for the merchant's own key: a shop's public one may not declare it.
    """

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
    buyer_tax_number: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,20}$")] = ""
    shipping: ShippingWish = ShippingWish()
    offers: Annotated[list[OfferToken], Field(max_length=1)] = []  # of one buyer, as signed
    price_term: PriceTerm = "FCA"
    freight: Annotated[Amount | None, Field(description=_FREIGHT)] = None
    insurance: Annotated[Amount | None, Field(description=_INSURANCE)] = None
    pre_carriage: Amount | None = None
    post_border_cost: Amount | None = None
    first_destination_cost: Amount | None = None
    schemes: Annotated[list[Word], Field(max_length=10)] = []
    schemes_without_number: Annotated[list[Word], Field(max_length=10)] = []
    mode: Literal["courier", "postal", "air", "sea", "road", "rail"] = "courier"
    channel: Literal["distance_sale", "ioss", "postal", "b2b"] = "distance_sale"
    entry_type: Literal["informal", "formal"] = "informal"
    is_at_risk: bool = True  # Northern Ireland: goods that may move on into the Union


class Requote(BaseModel):
    """What changes of a quote that was given; the rest stays as it was asked."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"destination": {"country": "DE"}}]},
    )

    destination: Place | None = None
    shipping: ShippingWish | None = None
    claims: Annotated[dict[LineId, list[ClaimIn]], Field(max_length=200)] = {}


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
