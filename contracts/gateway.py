"""What the gateway says: merchants, buyers' consent, and which buyer must be forgotten."""

from datetime import datetime
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


class ConsentChanged(Event):
    """All purposes a buyer agrees to now; a purpose that is missing is refused."""

    name: ClassVar[str] = "gateway.consent-changed.v1"
    key: ClassVar[str] = "buyer_id"
    state: ClassVar[bool] = True

    buyer_id: str
    purposes: dict[str, datetime]  # purpose -> agreed since
