"""The main job, the rush for the last units, the crash in the middle: in one process, in many."""

import io
import threading
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from rich.console import Console

from cli import demo
from onebox.full import SERVICES, Full
from tests.system.platform import (
    Box,
    Shop,
    at_once,
    eventually,
    many_processes,
    one_box,
    unsaid,
)

pytestmark = pytest.mark.xdist_group("system")
ENDED = {"booked", "cancelled", "stock_short"}


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with one_box() as found:
        yield found


@pytest.fixture(scope="module")
def full() -> Iterator[Full]:
    with many_processes() as found:
        yield found


@pytest.fixture(params=["box", pytest.param("full", marks=pytest.mark.xdist_group("full"))])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop(request.getfixturevalue(request.param).keys)


def test_the_main_job_ends_with_a_delivery(shop: Shop) -> None:
    on_hand, _ = shop.stock("TEA-SENCHA-100")

    order = demo.play(Console(file=io.StringIO()), shop.keys)

    effects = [effect for event in order["history"] for effect in event["effects"]]
    assert Counter(effects)["authorise"] == Counter(effects)["capture"] == 1
    assert order["status"] == "delivered"
    assert order["payment"]["status"] == "captured"
    eventually(lambda: shop.stock("TEA-SENCHA-100")[0] == on_hand - 2)


def test_the_last_hundred_units_go_to_a_hundred_buyers(shop: Shop) -> None:
    shop.count_to("TEA-JASMINE-100", 100)
    quote = shop.quote("TEA-JASMINE-100")

    answers = at_once(lambda n: shop.order(quote, f"rush-{n}", Prefer="wait=30"), 300)

    assert Counter(answer.status_code for answer in answers) == {201: 300}
    mine = [answer.json()["order_id"] for answer in answers]

    def decided() -> Counter[str] | None:
        orders = shop.orders()
        states = Counter(orders[order_id]["status"] for order_id in mine)
        return states if set(states) <= ENDED else None

    assert eventually(decided, 120) == {"stock_short": 200, "booked": 100}
    assert shop.stock("TEA-JASMINE-100") == (100, 0)


def test_the_same_order_posted_twice_at_once_is_one_order(shop: Shop) -> None:
    quote, other = shop.quote(), shop.quote(quantity=2)
    before = len(shop.orders())

    answers = at_once(lambda _: shop.order(quote, "twice"), 4)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(shop.orders()) == before + 1
    assert shop.order(other, "twice").status_code == 422
    order = eventually(lambda: _settled(shop, answers[0].json()["order_id"]))
    effects = [effect for event in order["history"] for effect in event["effects"]]
    assert Counter(effects)["authorise"] == Counter(effects)["capture"] == 1


def _settled(shop: Shop, order_id: str) -> dict[str, object] | None:
    order = shop.show(order_id)
    return order if order["payment"]["status"] == "captured" else None


def accepted(shop: Shop, how_many: int, name: str) -> list[str]:
    """Orders answered 201 while whatever happens happens; the rest were not promised."""
    quote = shop.quote("TEA-SENCHA-100")

    def place(number: int) -> str | None:
        try:
            answer = shop.order(quote, f"{name}-{number}", Prefer="respond-async")
        except httpx.HTTPError:
            return None
        return answer.json()["order_id"] if answer.status_code == 201 else None

    return [order_id for order_id in at_once(place, how_many, 12) if order_id]


def everything_ended(shop: Shop, promised: list[str]) -> bool:
    orders = shop.orders()
    assert set(promised) <= set(orders)
    return all(orders[order_id]["status"] in ENDED for order_id in promised) and all(
        orders[order_id]["payment_status"] != "authorised" for order_id in promised
    )


def assert_paid_once(shop: Shop, promised: list[str]) -> None:
    for order_id in promised:
        order = shop.show(order_id)
        effects = Counter(effect for event in order["history"] for effect in event["effects"])
        assert max(effects.values()) == 1, (order_id, effects)
        if order["status"] == "booked":
            assert order["payment"]["status"] == "captured"


def in_the_middle(shop: Shop, rush: threading.Thread, before: int) -> None:
    """Some orders are in, and more are coming: a kill now meets work half-done."""
    eventually(lambda: len(shop.orders()) > before + 8)
    assert rush.is_alive()


def assert_reserved_once(shop: Shop, sku: str, available: int, booked: int) -> None:
    """Also of orders that were accepted and whose answer was lost."""
    eventually(lambda: shop.stock(sku)[1] == available - (booked_of(shop) - booked), 120)


def booked_of(shop: Shop) -> int:
    return sum(order["status"] == "booked" for order in shop.orders().values())


def test_a_box_killed_in_the_middle_of_orders_finishes_them_all() -> None:
    with one_box() as box:
        shop = Shop(box.keys)
        shop.count_to("TEA-SENCHA-100", 1000)
        promised: list[str] = []
        rush = threading.Thread(target=lambda: promised.extend(accepted(shop, 400, "kill")))
        rush.start()
        in_the_middle(shop, rush, 30)
        box.kill()
        rush.join()
        box.start()
        again = Shop(box.keys)

        assert 30 < len(promised) < 400
        eventually(lambda: everything_ended(again, promised), 120)
        assert_paid_once(again, promised)
        assert_reserved_once(again, "TEA-SENCHA-100", 1000, 0)
        eventually(lambda: unsaid(box.url) == 0)


@pytest.mark.xdist_group("full")
@pytest.mark.parametrize("victim", ["orders", "logistics", "catalog", "gateway", "kafka"])
def test_a_process_killed_under_load_loses_no_promise(full: Full, victim: str) -> None:
    shop = Shop(full.keys)
    shop.count_to("TEA-SENCHA-100", 1000)
    before, booked = len(shop.orders()), booked_of(shop)
    _, available = shop.stock("TEA-SENCHA-100")
    promised: list[str] = []
    rush = threading.Thread(target=lambda: promised.extend(accepted(shop, 120, f"full-{victim}")))
    rush.start()
    in_the_middle(shop, rush, before)
    if victim == "kafka":
        full.kafka.kill()
        full.kafka.start()
    else:
        full.kill(victim)
        full.restart(victim)
    rush.join()
    again = Shop(full.keys)

    assert promised
    eventually(lambda: everything_ended(again, promised), 120)
    assert_paid_once(again, promised)
    assert_reserved_once(again, "TEA-SENCHA-100", available, booked)
    addresses = [full.address_of(service) for service in SERVICES]
    eventually(lambda: not any(map(unsaid, addresses)))
