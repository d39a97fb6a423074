"""The rates of the day, as the law of a place names them."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy.orm import Session

from chassis.db import now
from services.logistics.queries import tariff


def rates_of_the_day(session: Session, *countries: str) -> Mapping[str, Decimal]:
    """Units of each currency for one of the base, of the first country whose law is known; empty
    where none is.
    """
    known, at = tariff.known_at(session), now()
    for country in countries if known else ():
        place = tariff.territory(session, country, "", known, at) if known else None
        if place and known:
            return tariff.rules_at(session, place[0], at, known).rates
    return {}
