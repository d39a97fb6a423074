"""What would be due on one line, for people who only want an answer; and finding its code."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import FieldError, Problem, not_found
from contracts.values import Money, exponent
from services.logistics.domain.tariff import Ledger, Line, Request, Rules, calculate
from services.logistics.domain.tariff.ledger import as_json, rounded
from services.logistics.domain.tariff.rules import CURRENCIES
from services.logistics.models.tariff import TariffRule
from services.logistics.queries import tariff
from services.logistics.schemas.duty import (
    DutyAsked,
    DutyOut,
    FoundCommodities,
    FoundCommodity,
)

MOST_FOUND = 50


def duty(session: Session, asked: DutyAsked) -> DutyOut:
    """By the law of now. Raises a Problem where no law is loaded or no rate of exchange known."""
    at, known = now(), tariff.known_at(session)
    if known is None:
        raise Problem(503, "no-tariffs", "no tariff is loaded yet", headers={"Retry-After": "5"})
    place = tariff.territory(session, asked.to, asked.region, known, at)
    if place is None:
        raise _refused("to", "destination-unsupported", f"no rules are loaded for {asked.to}")
    rules = tariff.rules_at(session, place[0], at, known)
    ledger = calculate(_request(asked, place, rules, at), rules)
    return DutyOut(
        jurisdiction=rules.jurisdiction,
        code=asked.code,
        origin=asked.origin or asked.from_,
        status=ledger.status,
        goods=_money(ledger.goods, rules),
        duties=_known(ledger.total("duty"), rules),
        taxes=_known(ledger.total("tax"), rules),
        fees=_known(ledger.total("fee"), rules),
        charges=_known(_all(ledger), rules),
        at_least=_money(ledger.known_subtotal, rules),
        valid_at=at,
        known_at=known,
        ledger=as_json(ledger),
    )


def _request(asked: DutyAsked, place: tuple[str, str], rules: Rules, at: datetime) -> Request:
    inside = {rules.jurisdiction, *rules.areas.get(rules.jurisdiction, ())}
    line = Line(
        line_id="l0",
        goods=_converted(asked.value, asked, rules),
        quantity=asked.quantity,
        hs_code=asked.code,
        origin=asked.origin or asked.from_,
        gross_weight_g=asked.weight_g,
        net_weight_g=asked.weight_g,
    )
    return Request(
        jurisdiction=place[0],
        tax_area=place[1],
        destination=asked.to,
        ship_from=asked.from_,
        from_jurisdiction=rules.jurisdiction if asked.from_ in inside else None,
        currency=rules.currency,
        lines=(line,),
        freight=_converted(asked.shipping, asked, rules),
        insurance=_converted(asked.insurance, asked, rules),
        incoterm=asked.incoterm,
        rate_date=at,
        buyer=asked.buyer,
    )


def _converted(amount: str, asked: DutyAsked, rules: Rules) -> Decimal:
    found = rules.convert(Decimal(amount), asked.currency)
    if found is None:
        message = f"there is no rate from {asked.currency} to {rules.currency}; ask in that"
        raise _refused("currency", "no-rate", message)
    return rounded(found, rules.currency)


def _all(ledger: Ledger) -> Decimal | None:
    return ledger.known_subtotal if ledger.status == "complete" else None


def _known(amount: Decimal | None, rules: Rules) -> Money | None:
    return None if amount is None else _money(amount, rules)


def _money(amount: Decimal, rules: Rules) -> Money:
    whole = rounded(amount, rules.currency).scaleb(exponent(rules.currency))
    return Money.of(int(whole), rules.currency)


def find(session: Session, jurisdiction: str, words: str) -> FoundCommodities:
    """By the beginning of a code, or by words: each of them somewhere in the line or its path."""
    known, at = tariff.known_at(session), now()
    if known is None or jurisdiction not in CURRENCIES:
        raise not_found("jurisdiction")
    in_force = select(TariffRule.rule_key, TariffRule.fields).where(
        TariffRule.table_name == "commodities",
        TariffRule.jurisdiction == jurisdiction,
        TariffRule.known_to.is_(None),
        TariffRule.valid_from <= at,
        or_(TariffRule.valid_to.is_(None), TariffRule.valid_to > at),
    )
    code = words.replace(".", "").replace(" ", "")
    if code.isdecimal():
        wanted = in_force.where(TariffRule.rule_key.startswith(code))
    else:
        wanted = in_force.where(
            *(
                func.lower(TariffRule.fields).contains(word.lower(), autoescape=True)
                for word in words.split()
            )
        )
    rows = session.execute(wanted.order_by(TariffRule.rule_key).limit(MOST_FOUND)).all()
    found = {key: json.loads(fields) for key, fields in rows}
    return FoundCommodities(data=[_found(session, in_force, each) for each in found.values()])


def _found(session: Session, in_force: Any, line: dict[str, str]) -> FoundCommodity:
    return FoundCommodity(
        code=line["code"],
        description=line["description"],
        path=_path(session, in_force, line["parent_code"]),
        declarable=line["declarable"] == "true",
    )


def _path(session: Session, in_force: Any, parent: str) -> list[str]:
    path: list[str] = []
    while parent and len(path) < 12:
        row = session.execute(in_force.where(TariffRule.rule_key == parent)).first()
        if row is None:
            break
        fields = json.loads(row.fields)
        path.insert(0, fields["description"])
        parent = fields["parent_code"]
    return path


def _refused(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, code, message, [FieldError(pointer=pointer, code=code, message=message)])
