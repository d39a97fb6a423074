"""HTTP bodies of rates and shipments."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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


class RefusedOut(BaseModel):
    provider_id: str
    service: str
    reasons: list[str]


class RatesOut(BaseModel):
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


class ChoiceOffer(BaseModel):
    provider_id: str
    service: str
    price: Money
    promised_on: date | None
    chosen: bool
    because: str


class ChoiceOut(BaseModel):
    """Every offer in its order, and why it stands there; every one that could not be made."""

    shipment_id: str
    offers: list[ChoiceOffer]
    excluded: list[RefusedOut]
