"""What orders says: the way of an order, its money, its returns."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.values import CountryCode, HsCode, Incoterm, Money, Sku


class OrderLine(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: str
    sku: Sku
    quantity: int
    kind: Literal["goods", "digital", "service"]


class DeclaredLine(BaseModel):
    """What the order froze for customs: compared with the shipment before it is booked."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: str
    sku: Sku
    quantity: int
    hs_code: HsCode
    origin: CountryCode
    value: Money
    weight_g: int | None = None
    description: str = ""


class OrderPlaced(Event):
    name: ClassVar[str] = "orders.order-placed.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    buyer_id: str
    market: str
    destination: CountryCode
    lines: tuple[OrderLine, ...]
    goods: Money
    total: Money
    quote_id: str
    imported: bool = False  # history from elsewhere: nothing is reserved
    at: datetime | None = None  # when it was placed; of history long before it is said
    values: dict[str, Money] = {}  # of each line, after discounts
    offer_id: str | None = None
    arm: Literal["offer", "hold_out"] | None = None
    discount: Money | None = None


class OrderConfirmed(Event):
    """Payment is authorised: book it. The consignee is sealed for logistics alone."""

    name: ClassVar[str] = "orders.order-confirmed.v1"
    key: ClassVar[str] = "order_id"

    order_id: str
    destination: CountryCode
    incoterm: Incoterm
    service: str
    service_class: str
    provider_id: str | None
    promised_on: date | None
    freight: Money
    declaration: tuple[DeclaredLine, ...]
    consignee: str  # base64 of AES-256-GCM under the consignee key, about the order id


class Consignee(BaseModel):
    """Sealed inside order-confirmed; nowhere else in the log."""

    name: str
    street: str
    city: str
    region: str = ""
    postal_code: str = ""
    country: CountryCode
    email: str = ""
    phone: str = ""


class OrderPaid(Event):
    name: ClassVar[str] = "orders.order-paid.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    total: Money
    at: datetime | None = None  # when it happened, where that is not now


class CancelRequested(Event):
    name: ClassVar[str] = "orders.cancel-requested.v1"
    key: ClassVar[str] = "order_id"

    order_id: str
    reason: str


class OrderCancelled(Event):
    """Every participant undoes its part."""

    name: ClassVar[str] = "orders.order-cancelled.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    reason: str
    missing: dict[str, int] = {}
    at: datetime | None = None  # when it happened, where that is not now


class OrderCompleted(Event):
    name: ClassVar[str] = "orders.order-completed.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    at: datetime | None = None  # when it happened, where that is not now


class PaymentFailed(Event):
    name: ClassVar[str] = "orders.payment-failed.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    reason: str


class RefundIssued(Event):
    name: ClassVar[str] = "orders.refund-issued.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    refund_id: str
    lines: dict[str, int]
    goods: Money
    duties: Money
    taxes: Money
    revision: int
    at: datetime | None = None  # when it happened, where that is not now


class ReturnRequested(Event):
    name: ClassVar[str] = "orders.return-requested.v1"
    key: ClassVar[str] = "return_id"
    public: ClassVar[bool] = True

    return_id: str
    order_id: str
    lines: dict[str, int]
    reason: str


class ClaimOpened(Event):
    name: ClassVar[str] = "orders.claim-opened.v1"
    key: ClassVar[str] = "claim_id"
    public: ClassVar[bool] = True

    claim_id: str
    order_id: str
    kind: Literal["lost", "damaged", "delayed", "not_as_described"]
    amount: Money
