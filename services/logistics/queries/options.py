"""Shipping options of a quote: every service that keeps to it, and why the others do not."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from contracts.catalog import Variant
from contracts.values import Incoterm, Money
from services.logistics.domain.shipping.exchange import compared
from services.logistics.domain.shipping.places import Place
from services.logistics.queries import exchange, shipping, stock
from services.logistics.schemas.tariff import ExcludedOut


@dataclass(frozen=True)
class Asked:
    """Goods with their quantities, to a place (country, region, postcode).

    `value` and `advanced` (duties the carrier pays at the border) are minor units by currency.
    """

    destination: tuple[str, str, str]
    items: list[tuple[Variant, int]]
    value: dict[str, int]
    advanced: dict[str, int]
    incoterm: Incoterm
    hand_over: datetime
    is_residential: bool


@dataclass(frozen=True)
class Option:
    """`compared_minor` is the price in the one currency that all options are compared in."""

    provider_id: str
    service: str
    service_class: str
    price: Money
    promised_on: date | None
    compared_minor: int


@dataclass(frozen=True)
class Found:
    """`ship_from` is the country of the merchant's stock; empty where there is no location."""

    ship_from: str
    options: list[Option]
    excluded: list[ExcludedOut]


def options_for(session: Session, tenant: str, asked: Asked) -> Found:
    locations = stock.locations(session, tenant)
    if not locations:
        return Found("", [], [])
    parcels = shipping.parcels_of(asked.items)
    if not parcels:
        reasons = ["weight_missing: a product has no weight"] if asked.items else []
        refused = [ExcludedOut(provider_id="", service="", reasons=reasons)] if reasons else []
        return Found(locations[0].country, [], refused)
    country, region, postcode = asked.destination
    destination = Place(country, region, postcode or None, asked.is_residential)
    terms = (asked.incoterm, asked.hand_over, asked.value, asked.advanced)
    found = shipping.offers(session, tenant, (locations[0], destination), parcels, terms)
    rates = exchange.rates_of_the_day(session, country, locations[0].country)
    prices = compared(found.offers, rates)
    options = [
        Option(
            each.offer.provider,
            each.offer.service,
            each.offer.service_class,
            Money.of(each.offer.price_minor, each.offer.currency),
            each.offer.promised_on,
            each.minor,
        )
        for each in prices.priced
    ]
    excluded = [
        ExcludedOut(**shipping.refused_out(each).model_dump())
        for each in (*found.excluded, *prices.excluded)
    ]
    return Found(locations[0].country, options, excluded)


def chosen(options: list[Option], service: str | None, service_class: str | None) -> Option | None:
    """The cheapest of those asked for; of equal ones the earlier promise."""
    wanted = [
        option
        for option in options
        if service in (None, option.service) and service_class in (None, option.service_class)
    ]
    return min(wanted, key=_price_then_promise, default=None)


def _price_then_promise(option: Option) -> tuple[int, date, str]:
    return option.compared_minor, option.promised_on or date.max, option.provider_id
