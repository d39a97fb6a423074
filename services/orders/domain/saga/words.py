"""The words of an order's way: where it is, what it hears or sees, what follows."""

from enum import StrEnum


class Status(StrEnum):
    PLACED = "placed"
    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    BOOKED = "booked"
    SHIPPED = "shipped"
    RETURNING = "returning"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    STOCK_SHORT = "stock_short"
    LOST = "lost"
    RETURNED = "returned"


class Payment(StrEnum):
    NONE = "none"
    CHALLENGED = "challenged"
    DECLINED = "declined"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    VOIDED = "voided"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


class Heard(StrEnum):
    """What others say: logistics, the payment provider, the buyer, the clock."""

    STOCK_RESERVED = "stock-reserved"
    STOCK_SHORT = "stock-short"
    RESERVATION_BROKEN = "reservation-broken"
    CHALLENGED = "challenged"
    DECLINED = "declined"
    TRIED_AGAIN = "tried-again"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    CAPTURE_FAILED = "capture-failed"  # for good; one that may be repeated is not heard at all
    VOIDED = "voided"
    PARTLY_REFUNDED = "partly-refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute-won"
    DISPUTE_LOST = "dispute-lost"
    SHIPMENT_BOOKED = "shipment-booked"
    SHIPMENT_MOVED = "shipment-moved"
    SHIPMENT_REFUSED = "shipment-refused"
    SHIPMENT_VOIDED = "shipment-voided"
    CANCELLATION_REFUSED = "cancellation-refused"
    RETURN_RECEIVED = "return-received"
    CANCEL_ASKED = "cancel-asked"
    DEADLINE = "deadline"


class Seen(StrEnum):
    """What follows from all that was heard of the lines and shipments together."""

    EVERY_LINE_BOOKED = "every-line-booked"
    BOOKING_CANCELLED = "booking-cancelled"
    DIGITAL_PAID = "digital-paid"
    ALL_SHIPPED = "all-shipped"
    ALL_TURNED_BACK = "all-turned-back"
    ALL_DELIVERED = "all-delivered"
    ALL_LOST = "all-lost"
    ALL_SENT_BACK = "all-sent-back"
    EVERY_LINE_RETURNED = "every-line-returned"


class Effect(StrEnum):
    """What the service does; each once per order, except those that name what they are about."""

    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"  # all that is left of the charge
    REFUND_LOST = "refund-lost"  # about a shipment, by the merchant's policy
    REFUND_RETURNED = "refund-returned"  # about a shipment or a return, by the frozen rates
    VOID_STRAY = "void-stray"  # about an attempt that is no longer the order's payment
    OPEN_CLAIM = "open-claim"  # about a shipment
    SAY_CONFIRMED = "say-confirmed"
    SAY_PAID = "say-paid"
    SAY_PAYMENT_FAILED = "say-payment-failed"
    SAY_CANCEL_REQUESTED = "say-cancel-requested"
    SAY_CANCELLED = "say-cancelled"
    SAY_COMPLETED = "say-completed"


class Flag(StrEnum):
    """What a merchant has to look at."""

    RESERVATION_BROKEN = "reservation_broken"
    CAPTURE_FAILED = "capture_failed"
    FOUND = "found"
    MOVES_AFTER_CANCEL = "moves_after_cancel"
    PARTLY_CANCELLED = "partly_cancelled"


class Progress(StrEnum):
    """A shipment as far as its order cares, from the least to the most advanced."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    SHIPPED = "shipped"
    RETURNING = "returning"
    DELIVERED = "delivered"
    LOST = "lost"
    RETURNED = "returned"


ADVANCE = {progress: rank for rank, progress in enumerate(Progress)}
FINAL = frozenset({Progress.DELIVERED, Progress.LOST, Progress.RETURNED})
CANCELLABLE = (Status.PLACED, Status.RESERVED, Status.CONFIRMED, Status.BOOKED)
