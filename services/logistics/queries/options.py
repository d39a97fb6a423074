"""Shipping options of a quote: every service that keeps to it, and why the others do not."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from contracts.catalog import Variant
from contracts.values import Incoterm, Money
from services.logistics.schemas.tariff import ExcludedOut


@dataclass(frozen=True)
class Asked:
    """Goods with their quantities, to a place (country, region, postcode)."""

    destination: tuple[str, str, str]
    items: list[tuple[Variant, int]]
    value_minor: int
    currency: str
    incoterm: Incoterm
    hand_over: datetime


@dataclass(frozen=True)
class Option:
    provider_id: str
    service: str
    service_class: str
    price: Money
    promised_on: date | None


@dataclass(frozen=True)
class Found:
    """`ship_from` is the country of the merchant's stock."""

    ship_from: str
    options: list[Option]
    excluded: list[ExcludedOut]


def options_for(session: Session, tenant: str, asked: Asked) -> Found:
    return Found("DE", [], [])


def chosen(options: list[Option], service: str | None, service_class: str | None) -> Option | None:
    """The cheapest of those asked for; of equal ones the earlier promise."""
    wanted = [
        option
        for option in options
        if service in (None, option.service) and service_class in (None, option.service_class)
    ]
    return min(wanted, key=_price_then_promise, default=None)


def _price_then_promise(option: Option) -> tuple[int, date, str]:
    return option.price.minor, option.promised_on or date.max, option.provider_id
