"""HTTP bodies of rates and shipments."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.values import CountryCode, Currency, Incoterm, Money
from services.logistics.schemas.tariff import Place

Millimetres = Annotated[int | None, Field(ge=1, le=100_000)]


class ParcelIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weight_g: Annotated[int, Field(ge=1, le=10_000_000)]
    length_mm: Millimetres = None
    width_mm: Millimetres = None
    height_mm: Millimetres = None
    goods: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z_]{1,20}(:[a-z0-9_]{1,20})?$")]],
        Field(max_length=10),
    ] = []


class RatesAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "destination": {"country": "US", "postcode": "02108"},
                    "parcels": [{"weight_g": 800}],
                    "value": {"amount": "54.00", "currency": "EUR"},
                    "incoterm": "DDP",
                }
            ]
        },
    )

    destination: Place
    parcels: Annotated[list[ParcelIn], Field(min_length=1, max_length=200)]
    value: Money
    incoterm: Incoterm = Incoterm.DDP


class PriceLineOut(BaseModel):
    kind: str
    amount: Money
    row: str
    formula: str


class ScoreOut(BaseModel):
    """Of 100. `contributions` add up to the score; `why_not` names where it loses most."""

    score: float
    sd: float
    contributions: dict[str, float]
    sources: dict[str, str]
    why_not: list[str]
    is_tied_with_first: bool
    is_exploration: bool
    model: str
    as_of: datetime


class OfferOut(BaseModel):
    provider_id: str
    service: str
    service_class: str
    version: str
    price: Money
    lines: list[PriceLineOut] = Field(description="Only for the merchant's own secret key")
    promised_on: date
    options_available: list[str]
    gaps: list[str]
    compared: Money = Field(description="The price in the currency that all are compared in")
    score: ScoreOut | None = Field(description="Null for a provider that nobody has rated")
    because: str


class RefusedOut(BaseModel):
    provider_id: str
    service: str
    reasons: list[str]


class RatesOut(BaseModel):
    """Offers in the order of the choice."""

    offers: list[OfferOut]
    excluded: list[RefusedOut]


class CardOut(BaseModel):
    provider_id: str
    service: str
    version: str
    valid_from: date
    valid_to: date | None
    currency: Currency
    imported_at: datetime


class CardList(BaseModel):
    data: list[CardOut]


class ShipmentOut(BaseModel):
    shipment_id: str
    order_id: str
    location_id: str
    booking: str
    status: str
    reason: str | None
    leg: str
    flags: list[str]
    provider_id: str
    service: str
    price: Money
    promised_on: date | None
    origin: CountryCode
    destination: CountryCode
    incoterm: Incoterm
    lines: dict[str, int]
    tracking_numbers: list[str]
    declined_by: dict[str, str]
    created_at: datetime


class PolicyIn(BaseModel):
    """`provider_id` goes first where `kind` is fixed; the others follow as the best."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "best"}]})

    kind: Literal["best", "cheapest", "fastest", "fixed"] = "best"
    provider_id: Annotated[str | None, Field(pattern=r"^[a-z0-9_-]{1,40}$")] = None
    explores: bool = Field(True, description="Whether a new provider is given a chance at times")

    @model_validator(mode="after")
    def _names_who_is_fixed(self) -> Self:
        if (self.kind == "fixed") != (self.provider_id is not None):
            raise ValueError("a fixed policy names its provider, another names none")
        return self


class PolicyOut(PolicyIn):
    market: str


class PolicyList(BaseModel):
    data: list[PolicyOut]


class ChoiceOffer(BaseModel):
    provider_id: str
    service: str
    price: Money
    promised_on: date | None
    because: str
    compared: Money | None = None
    beyond_frozen: Money | None = Field(None, description="What it costs more than was quoted")
    score: ScoreOut | None = None
    was_asked: bool = False
    chosen: bool = False
    not_asked: str | None = Field(None, description="Why not, though its turn had come")


class Decided(BaseModel):
    """A choice as it is kept with its shipment: by what it was made, and every offer in its order;
    every one that could not be made.
    """

    offers: list[ChoiceOffer]
    excluded: list[RefusedOut]
    policy: PolicyIn = PolicyIn()
    anchors_version: str = ""
    anchors: dict[str, tuple[float, float]] = Field({}, description="Worth nothing, worth all")
    weights: dict[str, float] = {}
    worth: list[Money] = Field([], description="The goods' value in each currency known that day")
    goods: list[str] = []
    decided_at: datetime | None = None


class ChoiceOut(Decided):
    shipment_id: str
