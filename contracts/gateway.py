"""What the gateway says: who the merchants are, and which buyer must be forgotten."""

from typing import ClassVar, Literal

from contracts.event import Event
from contracts.values import CountryCode, Currency


class MerchantChanged(Event):
    name: ClassVar[str] = "gateway.merchant-changed.v1"
    key: ClassVar[str] = "merchant_id"
    state: ClassVar[bool] = True

    merchant_id: str
    title: str
    status: Literal["active", "suspended"]
    base_currency: Currency
    countries: tuple[CountryCode, ...] = ()
    languages: tuple[str, ...] = ()
    fingerprints: dict[str, str] = {}  # owner, tax id, domain, bank: hashed


class BuyerErased(Event):
    name: ClassVar[str] = "gateway.buyer-erased.v1"
    key: ClassVar[str] = "buyer_id"

    buyer_id: str
