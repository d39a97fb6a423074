"""Placing an order: the quote is verified, prices are checked, everything is frozen."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis import tokens
from chassis.caller import Caller
from chassis.crypto import seal
from chassis.db import now, settings_of
from chassis.http import FieldError, NotYetKnown, Problem
from chassis.outbox import publish
from contracts.logistics import QuoteClaims
from contracts.orders import OrderLine, OrderPlaced
from contracts.values import Money, canonical, new_id
from services.orders import queries
from services.orders.commands import offers
from services.orders.domain import lines as frozen
from services.orders.domain.saga import Clocks, OrderState, deadline_after
from services.orders.models import Order
from services.orders.queries.known import Priced
from services.orders.schemas import NewOrder, Placed

_ORDERS: Any = Order.__table__
_ORDER = insert(_ORDERS)  # Core, on the hot path: an ORM insert costs several times as much


def place_order(session: Session, caller: Caller, new: NewOrder) -> Placed:
    """Nothing is half-done: an order and `order-placed`, or a refusal."""
    claims = _verified(session, caller.tenant, new)
    offered = _offered(session, caller.tenant, claims)
    used = offers.applied(session, new, claims)
    order_id, access = new_id("ord"), secrets.token_urlsafe(24)
    row = {
        "order_id": order_id,
        "tenant": caller.tenant,
        "buyer_id": new.buyer.buyer_id or order_id.replace("ord_", "buy_"),
        "access_sha256": hashlib.sha256(access.encode()).hexdigest(),
        **_frozen(session, order_id, new, claims, offered),
    }
    session.execute(_ORDER, row)
    if used is not None:
        offers.keep_use(session, order_id, row["buyer_id"], used)
    publish(
        session,
        OrderPlaced(
            tenant=caller.tenant,
            sequence=1,
            order_id=order_id,
            buyer_id=row["buyer_id"],
            market=claims.market,
            destination=claims.destination,
            lines=tuple(
                OrderLine(
                    line_id=line.line_id,
                    sku=line.sku,
                    quantity=line.quantity,
                    kind=offered[line.sku].kind,
                )
                for line in claims.lines
            ),
            goods=claims.totals.goods,
            total=claims.totals.due_at_sale,
            quote_id=claims.quote_id,
            values={line.line_id: line.goods for line in claims.lines},
            at=row["placed_at"],
            offer_id=used and used.offer_id,
            arm=used and used.arm,
            discount=used and used.discount,
        ),
    )
    return Placed(order_id=order_id, access_token=access, order=queries.shown(row, claims))


def _verified(session: Session, tenant: str, new: NewOrder) -> QuoteClaims:
    """Signature, key, expiry, tenant, destination and the ledger that the token vouches for."""
    try:
        kid = tokens.kid_of(new.quote.token)
    except tokens.BadToken:
        raise _bad_quote("it is malformed") from None
    public = _public_key(session, kid)
    if public is None:
        raise NotYetKnown("/quote/token", f"the quote key {kid[:40]!r}")
    try:
        claims = QuoteClaims.model_validate(tokens.verify(new.quote.token, public))
    except (tokens.BadToken, ValueError):
        raise _bad_quote("its signature does not hold") from None
    if claims.tenant != tenant:
        raise _bad_quote("it was given for another merchant")
    if claims.exp <= now().timestamp():
        raise Problem(422, "quote-expired", "this quote has expired; ask for a new one", [
            FieldError(pointer="/quote/token", code="quote-expired", message="ask for a new quote")
        ])  # fmt: skip
    if new.ship_to.country != claims.destination:
        message = f"the quote is for {claims.destination}; quote anew for {new.ship_to.country}"
        raise _invalid("/ship_to/country", "quote-invalid", message)
    if hashlib.sha256(canonical(new.quote.ledger)).hexdigest() != claims.ledger_sha256:
        raise _invalid("/quote/ledger", "quote-invalid", "the ledger is not the one quoted")
    return claims


def _public_key(session: Session, kid: str) -> str | None:
    """A key never changes once it is heard, so it is remembered."""
    known = _KEYS.get(kid)
    if known is None and (known := queries.public_key(session, kid)) is not None:
        _KEYS[kid] = known
    return known


_KEYS: dict[str, str] = {}


def _offered(session: Session, tenant: str, claims: QuoteClaims) -> dict[str, Priced]:
    """What each SKU costs now, by our own copy of the listings; 409 where the quote differs."""
    skus = {line.sku for line in claims.lines}
    offered = queries.priced(session, tenant, claims.market, skus)
    if unknown := sorted(skus - offered.keys()):
        raise NotYetKnown("/quote/token", f"a listing of {', '.join(unknown)} in {claims.market}")
    gone = sorted(sku for sku, priced in offered.items() if not priced.on_sale)
    if gone:
        raise _invalid("/quote/token", "not-on-sale", f"not on sale: {', '.join(gone)}")
    changed = _changed_prices(claims, offered)
    if changed:
        raise Problem(409, "price-changed", "prices have changed; ask for a new quote", changed)
    return offered


def _changed_prices(claims: QuoteClaims, offered: dict[str, Priced]) -> list[FieldError]:
    errors = []
    for line in claims.lines:
        price = offered[line.sku].prices.get(line.goods.currency)
        off = line.discount.minor if line.discount else 0
        if price is None or price * line.quantity != line.goods.minor + off:
            asked = "nothing" if price is None else Money.of(price, line.goods.currency).amount
            errors.append(
                FieldError(
                    pointer="/quote/token",
                    code="price-changed",
                    message=f"{line.sku}: quoted {line.goods.amount} {line.goods.currency} for "
                    f"{line.quantity}, the price is now {asked} each",
                )
            )
    return errors


def _frozen(
    session: Session,
    order_id: str,
    new: NewOrder,
    claims: QuoteClaims,
    offered: dict[str, Priced],
) -> dict[str, Any]:
    """All that this order will ever be worked out from."""
    settings, at = settings_of(session), now()
    goods = tuple(
        (line.line_id, line.quantity) for line in claims.lines if offered[line.sku].kind == "goods"
    )
    state = OrderState(goods=goods)
    people = {"buyer": new.buyer.model_dump(), "ship_to": new.ship_to.model_dump()}
    return {
        "market": claims.market,
        "destination": claims.destination,
        "currency": claims.totals.goods.currency,
        "due_at_sale_minor": claims.totals.due_at_sale.minor,
        "status": state.status.value,
        "payment_status": state.payment.value,
        "next_action": None,
        "reason": "",
        "saga": queries.saga_json(state),
        "version": 1,
        "deadline_at": deadline_after(state.status, at, clocks(settings.clocks)),
        "placed_at": at,
        "lines": _lines(claims, offered),
        "quote": claims.model_dump_json(),
        "ledger": json.dumps(new.quote.ledger),
        "people": seal(json.dumps(people).encode(), settings.master_keys, order_id),
        "provider": new.payment.provider,
        "payment_token": new.payment.token,
        "payment_reference": "",
    }


def _lines(claims: QuoteClaims, offered: dict[str, Priced]) -> str:
    return frozen.written(
        [
            frozen.Line(
                line.line_id,
                line.sku,
                offered[line.sku].title,
                offered[line.sku].kind,
                line.quantity,
                line.goods.minor,
                line.duties.minor,
                line.taxes.minor,
            )
            for line in claims.lines
        ]
    )


def clocks(configured: Mapping[str, timedelta]) -> Clocks:
    """Of the settings: CLOCK_PAYMENT=1800 and the like, in seconds."""
    return _clocks(tuple(sorted(configured.items())))


@lru_cache(maxsize=8)
def _clocks(configured: tuple[tuple[str, timedelta], ...]) -> Clocks:
    known = Clocks.__dataclass_fields__  # other services have clocks of their own
    return Clocks(**{name: after for name, after in configured if name in known})


def _bad_quote(why: str) -> Problem:
    return _invalid("/quote/token", "quote-invalid", f"this quote cannot be used: {why}")


def _invalid(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, code, message, [FieldError(pointer=pointer, code=code, message=message)])
