"""Prices of several currencies brought into one by the rates of the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from contracts.values import exponent
from services.logistics.domain.shipping.rates import Excluded, Offer
from services.logistics.domain.shipping.weight import Gap

COMPARED_IN = "EUR"


@dataclass(frozen=True)
class Priced:
    """An offer and its price in the currency that all are compared in."""

    offer: Offer
    minor: int


@dataclass(frozen=True)
class Compared:
    """`is_scorable`: in the currency of the anchors. Else only dearer and cheaper are known."""

    currency: str
    priced: tuple[Priced, ...]
    excluded: tuple[Excluded, ...]
    is_scorable: bool


def converted(minor: int, currency: str, into: str, rates: Mapping[str, Decimal]) -> int | None:
    """Half up to the minor unit. `rates` are units of each currency for one of any base. None
    where a rate is missing: an unknown price is not nothing.
    """
    if currency == into:
        return minor
    if currency not in rates or into not in rates:
        return None
    amount = Decimal(minor).scaleb(-exponent(currency)) / rates[currency] * rates[into]
    return int(amount.scaleb(exponent(into)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def compared(offers: Sequence[Offer], rates: Mapping[str, Decimal]) -> Compared:
    """Offers of one currency need no rate among themselves; beside others, one without a rate
    is excluded.
    """
    minors = [converted(offer.price_minor, offer.currency, COMPARED_IN, rates) for offer in offers]
    currencies = {offer.currency for offer in offers}
    if len(currencies) == 1 and None in minors:
        alike = tuple(Priced(offer, offer.price_minor) for offer in offers)
        return Compared(currencies.pop(), alike, (), is_scorable=False)
    pairs = list(zip(offers, minors, strict=True))
    priced = tuple(Priced(offer, minor) for offer, minor in pairs if minor is not None)
    excluded = tuple(_without_rate(offer) for offer, minor in pairs if minor is None)
    return Compared(COMPARED_IN, priced, excluded, is_scorable=True)


def _without_rate(offer: Offer) -> Excluded:
    detail = f"no rate of the day from {offer.currency} to {COMPARED_IN}"
    return Excluded(offer.provider, offer.service, (Gap("rate-unknown", "", detail),))
