"""HTTP bodies of orders."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.logistics import QuotedTotals
from contracts.values import CountryCode, Incoterm, Money, Sku

PLAIN = r"^[^\x00-\x1f\x7f]*$"
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
Optional = Annotated[str, Field(max_length=200, pattern=PLAIN)]
Units = Annotated[dict[Sku, Annotated[int, Field(ge=1, le=100_000)]], Field(min_length=1)]


class Address(BaseModel):
    """Where a parcel goes, in the destination's own terms."""

    model_config = ConfigDict(extra="forbid")

    name: Words
    street: Words
    city: Words
    region: Optional = ""
    postal_code: Annotated[str, Field(max_length=20, pattern=PLAIN)] = ""
    country: CountryCode
    email: Optional = ""
    phone: Optional = ""


class Buyer(BaseModel):
    """Who orders. `buyer_id` is the storefront's own opaque word for a returning buyer."""

    model_config = ConfigDict(extra="forbid")

    buyer_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None
    name: Words
    email: Optional = ""
    kind: Literal["consumer", "business"] = "consumer"
    tax_number: Optional = ""
    eori: Optional = ""


class QuoteGiven(BaseModel):
    """As a landed-cost quote answered: its token, and the ledger that the token vouches for."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[str, Field(max_length=60_000, pattern=r"^[A-Za-z0-9_.-]+$")]
    ledger: dict[str, Any]


OfferToken = Annotated[str, Field(max_length=4_000, pattern=r"^[A-Za-z0-9_.-]+$")]


class PaymentGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    provider: Literal["sandbox"] = "sandbox"
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$", examples=["tok_success"])]


class NewOrder(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "quote": {"token": "eyJ...", "ledger": {"lines": []}},
                    "buyer": {"name": "Ada Example", "email": "ada@example.org"},
                    "ship_to": {
                        "name": "Ada Example",
                        "street": "1 High Street",
                        "city": "Boston",
                        "region": "MA",
                        "postal_code": "02108",
                        "country": "US",
                    },
                    "payment": {"provider": "sandbox", "token": "tok_success"},
                }
            ]
        },
    )

    quote: QuoteGiven
    buyer: Buyer
    ship_to: Address
    payment: PaymentGiven
    offers: Annotated[list[OfferToken], Field(max_length=1)] = []  # those the quote was taken with


class LineOut(BaseModel):
    line_id: str
    sku: str
    title: str
    kind: str
    quantity: int
    goods: Money
    duties: Money
    taxes: Money


class PaymentOut(BaseModel):
    status: str
    provider: str
    next_action: dict[str, Any] | None = None


class EventOut(BaseModel):
    at: datetime
    heard: str
    about: str
    status: str
    payment_status: str
    effects: list[str]


class ShipmentOut(BaseModel):
    shipment_id: str
    progress: str


class OrderOut(BaseModel):
    """An order in the state it has reached. `missing` names what stock lacked."""

    order_id: str
    status: str
    payment: PaymentOut
    reason: str
    flags: list[str]
    market: str
    destination: CountryCode
    incoterm: Incoterm
    service: str
    promised_on: date | None
    placed_at: datetime
    lines: list[LineOut]
    totals: QuotedTotals
    shipments: list[ShipmentOut]
    history: list[EventOut]
    quote_id: str
    access_token: str | None = Field(
        default=None, description="Shown to who placed it: follows this one order"
    )


class Placed(BaseModel):
    """Kept as the stored answer without the order, which is read afresh each time."""

    order_id: str
    access_token: str
    order: OrderOut | None = Field(default=None, exclude=True)  # as it was placed


class OrderLine(BaseModel):
    order_id: str
    status: str
    payment_status: str
    destination: CountryCode
    due_at_sale: Money
    placed_at: datetime


class ImportedOrderOut(BaseModel):
    """An order of the time before Hansa; `reference` is the merchant's own number."""

    order_id: str
    reference: str
    buyer_id: str
    status: str
    placed_at: datetime
    ended_at: datetime
    market: str
    destination: str
    goods: Money
    imported: Literal[True] = True


class CancelAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "ordered twice"}]}
    )

    reason: Words = "buyer"


class PaymentTried(BaseModel):
    """A buyer's further attempt at paying a declined order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"order_id": "ord_" + "0" * 32, "token": "tok_success"}]},
    )

    order_id: Annotated[str, Field(pattern=r"^ord_[0-9a-f]{32}$")]
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]


class NewRefund(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"order_id": "ord_" + "0" * 32, "lines": {"TEA-ASSAM-250": 1}}]
        },
    )

    order_id: Annotated[str, Field(pattern=r"^ord_[0-9a-f]{32}$")]
    lines: Units


class RefundOut(BaseModel):
    refund_id: str
    order_id: str
    lines: dict[str, int]
    goods: Money
    duties: Money
    taxes: Money
    total: Money
    status: str


class NewReturn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "order_id": "ord_" + "0" * 32,
                    "lines": {"TEA-ASSAM-250": 1},
                    "reason": "not as described",
                }
            ]
        },
    )

    order_id: Annotated[str, Field(pattern=r"^ord_[0-9a-f]{32}$")]
    lines: Units
    reason: Words


class ReturnOut(BaseModel):
    return_id: str
    order_id: str
    lines: dict[str, int]
    reason: str
    status: str


class ClaimOut(BaseModel):
    claim_id: str
    order_id: str
    kind: str
    amount: Money
    status: str


class WebhookTaken(BaseModel):
    delivery_id: str
    status: Literal["received", "duplicate"]
