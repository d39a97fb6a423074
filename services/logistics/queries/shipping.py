"""Cards in force, offers, shipments."""

import json
from collections.abc import Iterable
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import Page, PageAsked, not_found, page_of
from contracts.catalog import Variant
from contracts.values import Incoterm, Money
from services.logistics.domain.shipping.card import RateCard
from services.logistics.domain.shipping.gates import Load, gated
from services.logistics.domain.shipping.packing import BOXES, Item, pack
from services.logistics.domain.shipping.places import Place
from services.logistics.domain.shipping.rates import Excluded, Rates, rates
from services.logistics.domain.shipping.surcharges import Ask
from services.logistics.domain.shipping.weight import Parcel
from services.logistics.models.shipping import OrderShipping, Shipment, StoredCard
from services.logistics.models.stock import Location
from services.logistics.queries import providers
from services.logistics.schemas.shipping import (
    CardList,
    CardOut,
    RefusedOut,
    ShipmentOut,
)

CARD = TypeAdapter(RateCard)
_COMPILED: dict[tuple[str, str, str, str], RateCard] = {}  # a version never changes


def cards(session: Session, tenant: str) -> list[RateCard]:
    found = []
    for row in session.execute(
        select(StoredCard.provider, StoredCard.service, StoredCard.version).where(
            StoredCard.tenant == tenant
        )
    ):
        key = (tenant, *row)
        if key not in _COMPILED:
            stored = session.get_one(StoredCard, key)
            _COMPILED[key] = CARD.validate_json(stored.card)
        found.append(_COMPILED[key])
    return found


def stored_card(session: Session, tenant: str, card: RateCard) -> StoredCard | None:
    return session.get(StoredCard, (tenant, card.provider, card.service, card.version))


def versions(session: Session, tenant: str, provider: str, service: str) -> list[StoredCard]:
    found = select(StoredCard).where(
        StoredCard.tenant == tenant,
        StoredCard.provider == provider,
        StoredCard.service == service,
    )
    return list(session.scalars(found))


def card_list(session: Session, tenant: str) -> CardList:
    rows = session.scalars(select(StoredCard).where(StoredCard.tenant == tenant))
    return CardList(
        data=[
            CardOut(
                provider_id=row.provider,
                service=row.service,
                version=row.version,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                currency=row.currency,
                imported_at=row.imported_at,
            )
            for row in rows
        ]
    )


def parcels_of(items: Iterable[tuple[Variant, int]]) -> tuple[Parcel, ...]:
    """Packed into our boxes; a variant without a weight leaves nothing packed."""
    packed = pack(
        [
            Item(
                sku=variant.sku,
                quantity=quantity,
                weight_g=variant.weight_g,
                length_mm=variant.length_mm,
                width_mm=variant.width_mm,
                height_mm=variant.height_mm,
                goods=_tags(variant),
            )
            for variant, quantity in items
        ],
        BOXES,
    )
    return packed.parcels


def _tags(variant: Variant) -> frozenset[str]:
    tags = {"dg"} if variant.dangerous_goods else set()
    return frozenset(tags | ({"battery:lithium_ion"} if variant.battery else set()))


def offers(
    session: Session,
    tenant: str,
    ways: tuple[Location, Place],
    parcels: tuple[Parcel, ...],
    terms: tuple[Incoterm, datetime, dict[str, int], dict[str, int]],
) -> Rates:
    """Every service, offered or excluded; who may not carry is excluded at the moment of use.

    `terms`: incoterm, hand-over, value, duties advanced.
    """
    location, destination = ways
    incoterm, hand_over, value, advanced = terms
    ask = Ask(
        ship_from=Place(location.country, location.region, location.postcode, False),
        destination=destination,
        parcels=parcels,
        incoterm=incoterm,
        hand_over=hand_over,
        value=value,
        advanced=advanced,
    )
    load = load_of(parcels, value)
    found = rates(ask, cards(session, tenant))
    return gated(found, providers.standings(session), load, now().date())


def load_of(parcels: tuple[Parcel, ...], value: dict[str, int]) -> Load:
    goods = frozenset(tag for parcel in parcels for tag in parcel.goods)
    return Load(len(parcels), value, goods)


def refused_out(excluded: Excluded) -> RefusedOut:
    reasons = [f"{gap.code}: {gap.detail}" for gap in excluded.reasons]
    return RefusedOut(provider_id=excluded.provider, service=excluded.service, reasons=reasons)


def order_shipping(session: Session, order_id: str) -> OrderShipping | None:
    """Locked first, before any shipment of the order."""
    found = select(OrderShipping).where(OrderShipping.order_id == order_id).with_for_update()
    return session.scalars(found).first()


def order_shipping_seen(session: Session, order_id: str) -> OrderShipping | None:
    return session.get(OrderShipping, order_id)


def order_of(session: Session, shipment_id: str) -> str:
    found = select(Shipment.order_id).where(Shipment.shipment_id == shipment_id)
    return session.scalars(found).one()


def shipments_of(session: Session, order_id: str) -> list[Shipment]:
    found = select(Shipment).where(Shipment.order_id == order_id)
    return list(session.scalars(found.order_by(Shipment.shipment_id).with_for_update()))


def shipment_for_update(session: Session, shipment_id: str) -> Shipment | None:
    found = select(Shipment).where(Shipment.shipment_id == shipment_id).with_for_update()
    return session.scalars(found).first()


def shipment(session: Session, tenant: str, shipment_id: str) -> Shipment:
    found = select(Shipment).where(Shipment.shipment_id == shipment_id, Shipment.tenant == tenant)
    row = session.scalars(found).first()
    if row is None:
        raise not_found("shipment")
    return row


def show_shipment(session: Session, tenant: str, shipment_id: str) -> ShipmentOut:
    return shipment_out(shipment(session, tenant, shipment_id))


def shipments(
    session: Session, tenant: str, order_id: str | None, asked: PageAsked
) -> Page[ShipmentOut]:
    wanted = select(Shipment).where(Shipment.tenant == tenant)
    if order_id is not None:
        wanted = wanted.where(Shipment.order_id == order_id)
    rows, following = page_of(session, wanted, Shipment.shipment_id, asked)
    return Page(data=[shipment_out(row) for row in rows], next_cursor=following)


def shipment_out(row: Shipment) -> ShipmentOut:
    return ShipmentOut(
        shipment_id=row.shipment_id,
        order_id=row.order_id,
        location_id=row.location_id,
        booking=row.booking,
        status=row.status,
        reason=row.reason,
        leg=row.leg,
        flags=json.loads(row.flags),
        provider_id=row.provider,
        service=row.service,
        price=Money.of(row.price_minor, row.currency),
        promised_on=row.promised_on,
        origin=row.origin,
        destination=row.destination,
        incoterm=Incoterm(row.incoterm),
        lines=json.loads(row.lines),
        tracking_numbers=json.loads(row.tracking_numbers),
        declined_by=json.loads(row.declined),
        created_at=row.created_at,
    )
