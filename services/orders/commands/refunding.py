"""Giving money back: a refund is a row, an outgoing call, and `refund-issued` once it is paid."""

import json
from collections import Counter
from collections.abc import Mapping

from sqlalchemy.orm import Session

from chassis.db import now
from chassis.outbox import publish
from contracts.logistics import QuoteClaims
from contracts.orders import RefundIssued
from contracts.values import Incoterm, Money, new_id
from services.orders import queries
from services.orders.commands import pay
from services.orders.domain.refund import Charged, Share, shares
from services.orders.domain.saga import Do
from services.orders.models import Order, Refund


def refund_the_rest(session: Session, row: Order, _: Do) -> None:
    """All that is left of the charge, shipping and fees included."""
    given = sum(total_of(each) for each in queries.refund_rows(session, row.order_id))
    left = row.due_at_sale_minor - given
    if left <= 0:
        return
    found = shares(charged_lines(session, row), left_per_sku(session, row))
    parts = _sums(found)
    _store(session, row, "the rest", found, left - sum(parts), left)


def refund_shipment(session: Session, row: Order, do: Do) -> None:
    """A lost shipment: the merchant's default policy gives its lines' goods, duty and tax back."""
    state = queries.state_of(row)
    shipped = next((one.lines for one in state.shipments if one.shipment_id == do.about), ())
    _refund_units(session, row, do.about, dict(shipped))


def refund_returned(session: Session, row: Order, do: Do) -> None:
    """A returned shipment, or the lines of a return."""
    state = queries.state_of(row)
    shipped = {one.shipment_id: one.lines for one in state.shipments}
    returned = {one.return_id: one.lines for one in state.returns}
    _refund_units(session, row, do.about, dict((shipped | returned).get(do.about, ())))


def _refund_units(session: Session, row: Order, about: str, by_line: Mapping[str, int]) -> None:
    """Units that an earlier refund covered are not refunded again."""
    charged = charged_lines(session, row)
    wanted: Counter[str] = Counter()
    for line in charged:
        wanted[line.sku] += min(line.left, by_line.get(line.line_id, 0))
    units = {sku: count for sku, count in wanted.items() if count}
    if units:
        give_back(session, row, about, units, charged)


def give_back(
    session: Session,
    row: Order,
    about: str,
    units: Mapping[str, int],
    charged: list[Charged],
) -> Refund:
    """Raises RefundTooLarge."""
    found = shares(charged, units)
    return _store(session, row, about, found, 0, sum(_sums(found)))


def _store(
    session: Session,
    row: Order,
    about: str,
    found: tuple[Share, ...],
    other_minor: int,
    total_minor: int,
) -> Refund:
    goods, duties, taxes = _sums(found)
    lines: Counter[str] = Counter()
    for share in found:
        lines[share.line_id] += share.units
    refund = Refund(
        refund_id=new_id("rfd"),
        order_id=row.order_id,
        about=about,
        lines=json.dumps(lines),
        goods_minor=goods,
        duties_minor=duties,
        taxes_minor=taxes,
        other_minor=other_minor,
        status="asked",
        created_at=now(),
    )
    session.add(refund)
    session.flush()
    pay.refund(session, row, refund.refund_id, total_minor)
    return refund


def say_issued(session: Session, row: Order, refund: Refund) -> None:
    """Units are told per SKU, as everybody else counts them."""
    skus = {line.line_id: line.sku for line in queries.lines_of(session, row.order_id)}
    units: Counter[str] = Counter()
    for line_id, count in json.loads(refund.lines).items():
        units[skus[line_id]] += count
    publish(
        session,
        RefundIssued(
            tenant=row.tenant,
            sequence=row.version,
            order_id=row.order_id,
            refund_id=refund.refund_id,
            lines=dict(units),
            goods=Money.of(refund.goods_minor, row.currency),
            duties=Money.of(refund.duties_minor, row.currency),
            taxes=Money.of(refund.taxes_minor, row.currency),
            revision=len(queries.refund_rows(session, row.order_id)),
        ),
    )


def charged_lines(session: Session, row: Order) -> list[Charged]:
    """What each line was charged by us: duty and tax only where the buyer paid them at sale."""
    refunded: Counter[str] = Counter()
    for refund in queries.refund_rows(session, row.order_id):
        refunded.update(json.loads(refund.lines))
    at_sale = QuoteClaims.model_validate_json(row.quote).incoterm == Incoterm.DDP
    return [
        Charged(
            line.line_id,
            line.sku,
            line.quantity,
            line.goods_minor,
            line.duties_minor if at_sale else 0,
            line.taxes_minor if at_sale else 0,
            refunded[line.line_id],
        )
        for line in queries.lines_of(session, row.order_id)
    ]


def left_per_sku(session: Session, row: Order) -> dict[str, int]:
    left: Counter[str] = Counter()
    for line in charged_lines(session, row):
        left[line.sku] += line.left
    return {sku: count for sku, count in left.items() if count}


def total_of(refund: Refund) -> int:
    return refund.goods_minor + refund.duties_minor + refund.taxes_minor + refund.other_minor


def _sums(found: tuple[Share, ...]) -> tuple[int, int, int]:
    return (
        sum(share.goods for share in found),
        sum(share.duties for share in found),
        sum(share.taxes for share in found),
    )
