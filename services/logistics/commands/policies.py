"""How a merchant wants carriers chosen, per market."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import insert_new
from chassis.http import not_found
from services.logistics.models.shipping import ShippingPolicy
from services.logistics.models.tariff import KnownMarket
from services.logistics.queries.choice import policy_out
from services.logistics.schemas.shipping import PolicyIn, PolicyOut

_POLICIES: Any = ShippingPolicy.__table__


def set_policy(session: Session, caller: Caller, market: str, new: PolicyIn) -> PolicyOut:
    """For what is booked from now on; what was decided stays as it was."""
    if session.get(KnownMarket, (caller.tenant, market)) is None:
        raise not_found("market")
    key = {"tenant": caller.tenant, "market": market}
    values = {"kind": new.kind, "provider": new.provider_id, "explores": new.explores}
    insert_new(session, _POLICIES, **key, **values)
    row = session.get_one(ShippingPolicy, (caller.tenant, market), with_for_update=True)
    row.kind, row.provider, row.explores = new.kind, new.provider_id, new.explores
    session.flush()
    return policy_out(row)
