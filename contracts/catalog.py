"""What catalog says: products, listings and markets, each time as the whole present state."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.values import CountryCode, Currency, HsCode, Incoterm, Money, Sku

ProductKind = Literal["goods", "digital", "service"]
Classification = Literal["proposed", "accepted", "disputed"]


class Variant(BaseModel):
    """One thing that can be ordered. What is not known is None, never zero."""

    model_config = ConfigDict(frozen=True)

    sku: Sku
    title: str
    hs_code: HsCode | None = None
    hs_extensions: dict[str, HsCode] = {}  # jurisdiction (US, EU, ...) -> its own 8 or 10 digits
    classification: Classification = "proposed"
    origin: CountryCode | None = None
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    dangerous_goods: bool = False
    battery: bool = False
    lot_tracked: bool = False
    serial_tracked: bool = False
    customs_description: str = ""


class ProductChanged(Event):
    name: ClassVar[str] = "catalog.product-changed.v1"
    key: ClassVar[str] = "product_id"
    state: ClassVar[bool] = True
    public: ClassVar[bool] = True

    product_id: str
    kind: ProductKind
    title: str
    status: Literal["draft", "published", "withdrawn"]
    variants: tuple[Variant, ...]


class ListingChanged(Event):
    name: ClassVar[str] = "catalog.listing-changed.v1"
    key: ClassVar[str] = "listing_id"
    state: ClassVar[bool] = True
    public: ClassVar[bool] = True

    listing_id: str
    product_id: str
    sku: Sku
    market: str
    title: str
    prices: tuple[Money, ...]  # one per currency, explicit
    available: bool


class MarketChanged(Event):
    name: ClassVar[str] = "catalog.market-changed.v1"
    key: ClassVar[str] = "market_id"
    state: ClassVar[bool] = True

    market_id: str
    code: str
    countries: tuple[CountryCode, ...]
    currency: Currency
    language: str
    incoterm: Incoterm
    price_includes_tax: bool
    payment_methods: tuple[str, ...]
    rounding: str
    zone: str
    active: bool = True
