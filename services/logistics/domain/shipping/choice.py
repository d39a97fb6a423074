"""Who carries it: until providers are rated, the cheapest that keeps the promise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.logistics.domain.shipping.rates import Offer

MOST_ASKED = 3  # offers that are asked before nobody is said to carry it


@dataclass(frozen=True)
class Ranked:
    """An offer with its place, and why it stands there."""

    offer: Offer
    because: str


@dataclass(frozen=True)
class Wanted:
    """What the quote froze."""

    provider: str | None
    service: str
    promised_on: date | None


def ranked(offers: Sequence[Offer], wanted: Wanted) -> tuple[Ranked, ...]:
    """Those that keep the promise before those that do not; the quoted one first among equals of
    price; then by price, promise, name. Never later than promised while another offer keeps it.
    """

    def place(offer: Offer) -> tuple[bool, int, bool, date, str, str]:
        return (
            not _keeps(offer, wanted),
            offer.price_minor,
            not _is_quoted(offer, wanted),
            offer.promised_on,
            offer.provider,
            offer.service,
        )

    in_order = sorted(offers, key=place)
    first = in_order[0] if in_order else None
    return tuple(Ranked(offer, _because(offer, first, wanted)) for offer in in_order)


def _keeps(offer: Offer, wanted: Wanted) -> bool:
    return wanted.promised_on is None or offer.promised_on <= wanted.promised_on


def _is_quoted(offer: Offer, wanted: Wanted) -> bool:
    return (offer.provider, offer.service) == (wanted.provider, wanted.service)


def _because(offer: Offer, first: Offer | None, wanted: Wanted) -> str:
    if not _keeps(offer, wanted):
        late = (offer.promised_on - wanted.promised_on).days if wanted.promised_on else 0
        return f"unrated; {late} days later than promised"
    if offer is first:
        return "unrated; the cheapest that keeps the promise"
    dearer = offer.price_minor - first.price_minor if first else 0
    return f"unrated; keeps the promise, {dearer} {offer.currency} minor units dearer"
