"""HTTP bodies of catalog. A row of an import is read into the same bodies."""

from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.catalog import Classification, ProductKind
from contracts.values import CountryCode, Currency, HsCode, Incoterm, Money, Sku

PLAIN = r"^[^\x00-\x1f\x7f]*$"
Title = Annotated[str, Field(min_length=1, max_length=300, pattern=PLAIN)]
Words = Annotated[str, Field(max_length=300, pattern=PLAIN)]
Handle = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$", examples=["sencha"])]
Size = Annotated[int, Field(ge=1, le=100_000_000)]
MarketCode = Annotated[str, Field(pattern=r"^[A-Z]{2,8}$", examples=["DE"])]
Jurisdiction = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


def _is_gtin(text: str) -> str:
    """GS1 check digit, mod 10, weights 3 and 1 from the right."""
    digits = [int(digit) for digit in text]
    weighed = sum(digit * (3 if at % 2 else 1) for at, digit in enumerate(reversed(digits)))
    if weighed % 10:
        raise ValueError(f"the check digit of GTIN {text} is wrong")
    return text


def _is_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA zone; write one such as Europe/Berlin")
    return name


Gtin = Annotated[str, Field(pattern=r"^(\d{8}|\d{12,14})$"), AfterValidator(_is_gtin)]


class VariantIn(BaseModel):
    """One thing that can be ordered. An HS code is never padded or invented."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    title: Title
    hs_code: HsCode | None = None
    hs_extensions: dict[Jurisdiction, HsCode] = {}
    classification: Classification = "proposed"
    origin: CountryCode | None = None
    weight_g: Size | None = None
    length_mm: Size | None = None
    width_mm: Size | None = None
    height_mm: Size | None = None
    material: Annotated[str, Field(max_length=200, pattern=PLAIN)] = ""
    customs_description: Words = ""
    dangerous_goods: bool = False
    battery: bool = False
    lot_tracked: bool = False
    serial_tracked: bool = False
    gtin: Gtin | None = None

    @model_validator(mode="after")
    def _extensions_begin_with_the_code(self) -> Self:
        for jurisdiction, code in self.hs_extensions.items():
            if self.hs_code is None or not code.startswith(self.hs_code[:6]):
                raise ValueError(f"the {jurisdiction} code {code} must begin with the HS code")
        return self


class NewProduct(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "handle": "assam",
                    "title": "Assam black tea",
                    "kind": "goods",
                    "variants": [
                        {
                            "sku": "TEA-ASSAM-250",
                            "title": "Assam black tea 250 g",
                            "hs_code": "090230",
                            "origin": "IN",
                            "weight_g": 300,
                        }
                    ],
                }
            ]
        },
    )

    handle: Handle
    title: Title
    kind: ProductKind
    status: Literal["draft", "published", "withdrawn"] = "draft"
    variants: Annotated[list[VariantIn], Field(min_length=1, max_length=200)]


class ProductChange(BaseModel):
    """What is left out stays. `variants`, if given, are all of them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"status": "published"}]}
    )

    title: Title | None = None
    status: Literal["draft", "published", "withdrawn"] | None = None
    variants: Annotated[list[VariantIn] | None, Field(min_length=1, max_length=200)] = None


class ProductOut(NewProduct):
    product_id: str
    version: int


class NewMarket(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "NL",
                    "name": "Netherlands",
                    "countries": ["NL"],
                    "currency": "EUR",
                    "language": "nl",
                    "incoterm": "DDP",
                    "price_includes_tax": True,
                    "zone": "Europe/Amsterdam",
                }
            ]
        },
    )

    code: MarketCode
    name: Title
    countries: Annotated[list[CountryCode], Field(min_length=1, max_length=250)]
    currency: Currency
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
    incoterm: Incoterm
    price_includes_tax: bool
    payment_methods: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]], Field(max_length=50)
    ] = []
    rounding: Annotated[str, Field(pattern=r"^\d{1,6}(\.\d{1,3})?$")] = "0.01"
    zone: Annotated[str, Field(max_length=60), AfterValidator(_is_zone)]
    active: bool = True


class MarketOut(NewMarket):
    market_id: str
    version: int


class NewListing(BaseModel):
    """A product in a market, with its price in each currency it is sold in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "sku": "TEA-ASSAM-250",
                    "market": "NL",
                    "title": "Assam zwarte thee 250 g",
                    "prices": [{"amount": "14.90", "currency": "EUR"}],
                }
            ]
        },
    )

    sku: Sku
    market: MarketCode
    title: Title
    description: Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")] = ""
    prices: Annotated[list[Money], Field(min_length=1, max_length=50)]
    available: bool = True

    @model_validator(mode="after")
    def _one_price_per_currency(self) -> Self:
        currencies = [price.currency for price in self.prices]
        if len(set(currencies)) < len(currencies):
            raise ValueError("one price per currency")
        if any(price.minor <= 0 for price in self.prices):
            raise ValueError("a price is more than nothing")
        return self


class ListingChange(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"available": False}]}
    )

    title: Title | None = None
    prices: Annotated[list[Money] | None, Field(min_length=1, max_length=50)] = None
    available: bool | None = None


class ListingOut(NewListing):
    listing_id: str
    product_id: str
    version: int
