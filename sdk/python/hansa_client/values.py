"""Money and moments are text on the wire; here they become exact and aware, and text again."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict


class Money(TypedDict):
    amount: str
    currency: str


def decimal_of(money: Money) -> Decimal:
    return Decimal(money["amount"])


def money_of(amount: Decimal, currency: str) -> Money:
    """As it is written: the platform refuses more decimals than the currency has."""
    if not isinstance(amount, Decimal):
        raise TypeError(f"{amount!r} is no Decimal, and money is never a float")
    return {"amount": format(amount, "f"), "currency": currency}


def moment_of(text: str) -> datetime:
    """Raises ValueError where the text does not say its offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment


def text_of(moment: datetime) -> str:
    """In UTC. Raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
