"""An erased buyer is forgotten at once, or as soon as no open order needs the address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.db import now
from contracts.gateway import BuyerErased
from contracts.logistics import StockReserved
from services.orders.app import SERVICE
from services.orders.commands import erasing, place
from services.orders.models import Order
from tests.orders import world
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller

ADA = {"name": "Ada", "buyer_id": "ada"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    running.hears(*world.heard())
    yield running
    running.close()


def placed(service: RunningService) -> str:
    new = world.order({"TEA": 1}, buyer=ADA)
    order_id: str = service.does(place.place_order, caller(), new).order_id
    return order_id


def confirm(service: RunningService, order_id: str) -> None:
    service.hears(StockReserved(tenant=MERCHANT, order_id=order_id))
    service.makes_calls()


def is_known(service: RunningService, order_id: str) -> bool:
    people: bytes | None = service.reads(lambda session: session.get_one(Order, order_id).people)
    return people is not None


def erased(tenant: str = MERCHANT) -> BuyerErased:
    return BuyerErased(tenant=tenant, buyer_id="ada")


def test_people_of_a_confirmed_order_go_at_once_and_of_an_open_one_when_it_is_confirmed(
    service: RunningService,
) -> None:
    confirmed, waiting = placed(service), placed(service)
    confirm(service, confirmed)

    service.hears(erased())

    assert (is_known(service, confirmed), is_known(service, waiting)) == (False, True)
    confirm(service, waiting)
    service.does(erasing.forget_erased, now())
    assert not is_known(service, waiting)


def test_another_merchant_s_buyer_and_one_who_comes_back_are_kept(service: RunningService) -> None:
    before = placed(service)
    confirm(service, before)
    service.hears(erased(OTHER_MERCHANT))
    assert is_known(service, before)

    service.hears(erased())
    after = placed(service)
    confirm(service, after)
    service.does(erasing.forget_erased, now())

    assert (is_known(service, before), is_known(service, after)) == (False, True)
