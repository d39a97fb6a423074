"""Who is asked to carry a shipment: planned once, then one after another."""

import json
from functools import reduce

from sqlalchemy.orm import Session

from chassis.calls import call
from chassis.crypto import seal
from chassis.db import now, settings_of
from contracts.orders import Consignee, OrderConfirmed
from contracts.values import Money, new_id
from services.logistics.domain.shipping.choice import MOST_ASKED, Wanted
from services.logistics.domain.shipping.gates import Load, refusals
from services.logistics.domain.shipping.places import Place
from services.logistics.domain.shipping.weight import Parcel
from services.logistics.models.shipping import Shipment
from services.logistics.models.stock import Location, Reservation
from services.logistics.queries import choice, providers, tariff
from services.logistics.queries import shipping as queries
from services.logistics.schemas.shipping import Decided


def plan(
    session: Session,
    event: OrderConfirmed,
    consignee: Consignee,
    location: Location,
    part: list[Reservation],
) -> None:
    """One shipment from one location: its offers in order, and the first of them asked."""
    known = tariff.variants(session, event.tenant, [claim.sku for claim in part])
    parcels = queries.parcels_of(
        [(tariff.variant_of(known[claim.sku]), claim.quantity) for claim in part]
    )
    decided = _decided(session, event, consignee, location, parcels)
    shipment_id = new_id("shp")
    row = Shipment(
        shipment_id=shipment_id,
        tenant=event.tenant,
        order_id=event.order_id,
        location_id=location.location_id,
        booking="refused",
        offers=decided.model_dump_json(),
        asked=0,
        declined="{}",
        provider="",
        service="",
        price_minor=0,
        currency=event.freight.currency,
        promised_on=event.promised_on,
        origin=location.country,
        destination=event.destination,
        incoterm=event.incoterm.value,
        lines=json.dumps({claim.sku: claim.quantity for claim in part}),
        parcels=len(parcels),
        tracking_numbers="[]",
        consignee=seal(
            consignee.model_dump_json().encode(), settings_of(session).master_keys, shipment_id
        ),
        status="awaiting_data",
        reason=None,
        leg="outbound",
        flags="[]",
        handed_over=False,
        concluded=0,
        concluded_as=None,
        version=0,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    ask_next(session, row, consignee.postal_code)


def _decided(
    session: Session,
    event: OrderConfirmed,
    consignee: Consignee,
    location: Location,
    parcels: tuple[Parcel, ...],
) -> Decided:
    if not parcels:
        return Decided(offers=[], excluded=[])
    carriage = choice.Carriage(
        ways=(
            location,
            Place(consignee.country, consignee.region, consignee.postal_code or None, True),
        ),
        parcels=parcels,
        value=reduce(Money.__add__, [line.value for line in event.declaration]),
        incoterm=event.incoterm,
        service_class=event.service_class,
        wanted=Wanted(event.provider_id, event.service, event.promised_on),
        request=f"{event.order_id} {location.location_id}",
        frozen=event.freight,
    )
    return choice.decided(choice.choose(session, event.tenant, carriage))


def ask_next(session: Session, row: Shipment, postcode: str) -> None:
    """By an outgoing call whose key names the shipment and the offer; refused where none is left.

    Its gates are looked at again: what expired since the plan is not asked, and told why.
    """
    decided = choice.kept(row.offers)
    at = _next_open(session, row, decided)
    if at is None:
        row.booking, row.offers = "refused", decided.model_dump_json()
        session.flush()
        return
    offer = decided.offers[at]
    offer.was_asked = True
    row.booking, row.offers, row.asked = "asking", decided.model_dump_json(), at + 1
    row.provider, row.service = offer.provider_id, offer.service
    row.price_minor, row.currency = offer.price.minor, offer.price.currency
    request = {
        "shipment_id": row.shipment_id,
        "offer": at,
        "provider": row.provider,
        "service": row.service,
        "incoterm": row.incoterm,
        "postcode": postcode,
        "country": row.destination,
        "parcels": row.parcels,
    }
    call(session, "booking.book", f"{row.shipment_id}:book:{at}", request)
    session.flush()


def _next_open(session: Session, row: Shipment, decided: Decided) -> int | None:
    """The place of the next offer whose provider may still carry; three at most are asked."""
    if sum(offer.was_asked for offer in decided.offers) >= MOST_ASKED:
        return None
    standings, today = providers.standings(session), now().date()
    value = {money.currency: money.minor for money in decided.worth}
    load = Load(row.parcels, value, frozenset(decided.goods))
    for at, offer in enumerate(decided.offers[row.asked :], row.asked):
        why = refusals(standings.get(offer.provider_id), offer.service, load, today)
        if not why:
            return at
        offer.not_asked = "; ".join(f"{gap.code}: {gap.detail}" for gap in why)
    return None
