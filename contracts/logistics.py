"""What logistics says: quote keys, stock, shipments and where they are."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.values import CountryCode, Incoterm, Money, Sku

ShipmentStatus = Literal[
    "awaiting_data", "label_created", "cancelled", "picked_up", "in_transit", "customs_hold",
    "delayed", "on_hold", "out_for_delivery", "available_for_pickup", "attempt_failed",
    "delivered", "lost", "returning", "returned",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class QuoteKeyChanged(Event):
    name: ClassVar[str] = "logistics.quote-key-changed.v1"
    key: ClassVar[str] = "kid"
    state: ClassVar[bool] = True

    kid: str
    public_key: str  # Ed25519, base64url
    status: Literal["active", "retiring"]
    not_before: datetime
    not_after: datetime


class QuotedLine(_Part):
    line_id: str
    sku: Sku
    quantity: int
    goods: Money  # of the whole line, after its discount
    duties: Money
    taxes: Money
    discount: Money | None = None  # by the offer applied; None where it does not cover the line


class AppliedOffer(_Part):
    """An offer that the quote was taken with; duty and tax are on the goods after it."""

    offer_id: str
    arm: Literal["offer", "hold_out"]
    discount: Money  # nothing in the hold-out


class QuotedTotals(_Part):
    goods: Money  # after discounts
    shipping: Money
    insurance: Money
    duties: Money
    taxes: Money
    fees: Money
    discounts: Money  # already taken off `goods`
    due_at_sale: Money  # what the buyer pays the merchant
    due_at_import: Money  # what the buyer pays at the door, an estimate
    grand_total: Money


class QuoteClaims(_Part):
    """What a landed-cost quote's token promises. Times are unix seconds."""

    quote_id: str
    tenant: str
    iat: int
    exp: int
    market: str
    destination: CountryCode
    incoterm: Incoterm
    provider_id: str | None
    service: str
    service_class: str
    promised_on: date | None
    lines: tuple[QuotedLine, ...]
    totals: QuotedTotals
    ledger_sha256: str
    valid_at: datetime
    known_at: datetime
    offers: tuple[AppliedOffer, ...] = ()


class ReservedLine(_Part):
    sku: Sku
    quantity: int
    location_id: str


class StockReserved(Event):
    name: ClassVar[str] = "logistics.stock-reserved.v1"
    key: ClassVar[str] = "order_id"

    order_id: str
    lines: tuple[ReservedLine, ...] = ()


class StockShort(Event):
    name: ClassVar[str] = "logistics.stock-short.v1"
    key: ClassVar[str] = "order_id"

    order_id: str
    missing: dict[str, int]  # units per SKU


class ReservationBroken(Event):
    name: ClassVar[str] = "logistics.reservation-broken.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    missing: dict[str, int]


class StockLevelChanged(Event):
    name: ClassVar[str] = "logistics.stock-level-changed.v1"
    key: ClassVar[str] = "level_id"
    state: ClassVar[bool] = True
    public: ClassVar[bool] = True

    level_id: str  # sku@location
    sku: Sku
    location_id: str
    on_hand: int
    available: int
    in_transit: int = 0
    customs_held: int = 0


class ShipmentBooked(Event):
    name: ClassVar[str] = "logistics.shipment-booked.v1"
    key: ClassVar[str] = "shipment_id"
    public: ClassVar[bool] = True

    shipment_id: str
    order_id: str
    provider_id: str
    service: str
    lines: dict[str, int]  # SKU -> quantity in this shipment
    tracking_numbers: tuple[str, ...]
    origin: CountryCode
    destination: CountryCode
    incoterm: Incoterm
    price: Money
    promised_on: date | None
    declined_by: dict[str, str] = {}  # provider -> reason


class ShipmentRefused(Event):
    name: ClassVar[str] = "logistics.shipment-refused.v1"
    key: ClassVar[str] = "order_id"
    public: ClassVar[bool] = True

    order_id: str
    reasons: dict[str, str]  # offer -> why not


class ShipmentVoided(Event):
    name: ClassVar[str] = "logistics.shipment-voided.v1"
    key: ClassVar[str] = "order_id"

    order_id: str


class CancellationRefused(Event):
    name: ClassVar[str] = "logistics.cancellation-refused.v1"
    key: ClassVar[str] = "order_id"

    order_id: str
    reason: str


class ShipmentMoved(Event):
    """Every change of a shipment's state; `sequence` rises per shipment."""

    name: ClassVar[str] = "logistics.shipment-moved.v1"
    key: ClassVar[str] = "shipment_id"
    public: ClassVar[bool] = True

    shipment_id: str
    order_id: str
    status: ShipmentStatus
    reason: str | None = None
    leg: Literal["outbound", "return"] = "outbound"
    flags: tuple[str, ...] = ()
    at: datetime | None = None  # only where the carrier gave an instant
    promised_on: date | None = None


class ShipmentConcluded(Event):
    """One record for ratings; said again with a higher revision when a late scan changes it."""

    name: ClassVar[str] = "logistics.shipment-concluded.v1"
    key: ClassVar[str] = "shipment_id"

    shipment_id: str
    order_id: str
    provider_id: str
    revision: int
    status: ShipmentStatus
    promised_on: date | None
    milestones: dict[str, str]  # name -> the time as the carrier wrote it
    attempts: int
    damaged: bool
    service: str = ""
    origin: CountryCode | None = None
    destination: CountryCode | None = None
    at: datetime | None = None  # when it ended, as well as it is known
    ended_on: date | None = None  # in the destination's calendar
    complete: bool | None = None  # all of it, and the right goods; None: nobody said
    reasons: tuple[str, ...] = ()  # why it was late, held or refused
    attempted_first: bool | None = None  # the first attempt succeeded; None: none was made
    options_ordered: tuple[str, ...] = ()
    options_done: tuple[str, ...] = ()
    customs_days: int = 0
    customs_queries: int | None = None  # None: not known
    is_broker: bool = False  # the provider clears it through customs
    milestones_expected: int = 0
    milestones_received: float = 0.0  # within 24 h; delivered without proof counts half
    exceptions: int = 0
    exceptions_notified: int = 0  # the provider told before the customer asked
    reported_by: Literal["carrier", "provider", "import"] = "carrier"


class ReturnReceived(Event):
    name: ClassVar[str] = "logistics.return-received.v1"
    key: ClassVar[str] = "return_id"

    return_id: str
    order_id: str
    lines: dict[str, int]
    condition: Literal["sellable", "damaged"]
    location_id: str
