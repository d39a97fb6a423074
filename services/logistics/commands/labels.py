"""The label of a shipment: ours, released once its order's money is captured."""

import json

from sqlalchemy.orm import Session

from chassis.crypto import unseal
from chassis.db import settings_of
from chassis.http import Problem
from contracts.orders import Consignee
from services.logistics.domain.shipping.label import Address, sscc, zpl
from services.logistics.queries import shipping, stock


def label(session: Session, tenant: str, shipment_id: str) -> str:
    """ZPL, one label per parcel. 409 before the money is there."""
    row = shipping.shipment(session, tenant, shipment_id)
    order = shipping.order_shipping_seen(session, row.order_id)
    if row.booking != "booked":
        raise Problem(409, "not-booked", f"the booking is {row.booking}: there is no label")
    if order is None or not order.is_paid:
        raise Problem(409, "payment-pending", "the label is released once the order is paid")
    plain = unseal(row.consignee, settings_of(session).master_keys, row.shipment_id)
    consignee = Consignee.model_validate_json(plain)
    place = next(
        each for each in stock.locations(session, tenant) if each.location_id == row.location_id
    )
    sender = Address(place.name, place.street, place.city, place.postcode, place.country)
    to = Address(
        consignee.name, consignee.street, consignee.city, consignee.postal_code, consignee.country
    )
    serial = int(row.shipment_id[-8:], 16)
    return "\n".join(
        zpl(sscc(serial + number), sender, to, row.incoterm, tracking)
        for number, tracking in enumerate(json.loads(row.tracking_numbers))
    )
