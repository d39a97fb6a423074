"""Logistics with rate cards, two locations with tea, and orders to carry."""

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from chassis.crypto import seal
from contracts.catalog import ProductChanged, Variant
from contracts.event import Event
from contracts.logistics import ShipmentBooked, StockLevelChanged
from contracts.orders import Consignee, DeclaredLine, OrderConfirmed, OrderLine, OrderPlaced
from contracts.values import Incoterm, Money, new_id
from services.logistics.app import SERVICE
from services.logistics.commands import stock
from services.logistics.commands.cards import record_cards
from services.logistics.domain.shipping.cards import parse_cards
from services.logistics.queries import choice as choices
from services.logistics.queries import shipping as queries
from services.logistics.schemas.stock import NewLocation, NewMovement
from tests.running import KEYS, MERCHANT, RunningService, caller

RATES = Path(__file__).resolve().parents[2] / "services" / "logistics" / "sample" / "rates"
TEA = Variant(
    sku="TEA", title="Tea", hs_code="090230", origin="IN", weight_g=250,
    length_mm=150, width_mm=100, height_mm=60,
)  # fmt: skip


def carrying(folder: Path) -> RunningService:
    running = RunningService(SERVICE, folder)
    import_cards(running, {path.name: path.read_text("utf-8") for path in RATES.glob("*.csv")})
    for place, units in (("BRE", 5), ("HAM", 3)):
        new = NewLocation(location_id=place, name=place, country="DE", postcode="28195")
        running.does(stock.add_location, caller(), new)
        movement = NewMovement(sku="TEA", location_id=place, kind="receive", quantity=units)
        running.does(stock.move, caller(), movement)
    running.hears(
        ProductChanged(
            tenant=MERCHANT, sequence=1, product_id="prd_1", kind="goods", title="Tea",
            status="published", variants=(TEA,),
        )
    )  # fmt: skip
    return running


def import_cards(service: RunningService, texts: dict[str, str]) -> None:
    cards, errors = parse_cards(texts)
    assert errors == []
    parsed = {
        "cards": [queries.CARD.dump_python(card, mode="json") for card in cards],
        "errors": [],
    }
    service.does(record_cards, SimpleNamespace(tenant=MERCHANT, id="job_1"), parsed)


def reserved(service: RunningService, units: int = 1, kind: Any = "goods") -> str:
    order_id = new_id("ord")
    line = OrderLine(line_id="l0", sku="TEA", quantity=units, kind=kind)
    service.hears(
        OrderPlaced(
            tenant=MERCHANT, order_id=order_id, buyer_id="buy_1", market="US", destination="US",
            lines=(line,), goods=Money.of(1250, "EUR"), total=Money.of(1250, "EUR"),
            quote_id="qte_1",
        )
    )  # fmt: skip
    return order_id


def confirmed(
    order_id: str, postcode: str = "02108", declared: int = 1, **changed: Any
) -> OrderConfirmed:
    consignee = Consignee(
        name="Ada", street="1 Way", city="Boston", postal_code=postcode, country="US"
    )
    sealed = seal(consignee.model_dump_json().encode(), KEYS, about=order_id)
    line = DeclaredLine(
        line_id="l0", sku="TEA", quantity=declared, hs_code="090230", origin="IN",
        value=Money.of(1250 * declared, "EUR"), weight_g=250,
    )  # fmt: skip
    known: dict[str, Any] = {
        "tenant": MERCHANT, "order_id": order_id, "destination": "US", "incoterm": Incoterm.DDP,
        "service": "world", "service_class": "standard", "provider_id": None,
        "promised_on": None, "freight": Money.of(500, "EUR"),
        "declaration": (line,) if declared else (),
        "consignee": base64.b64encode(sealed).decode(),
    }  # fmt: skip
    return OrderConfirmed(**(known | changed))


def told(said: list[Event]) -> list[Event]:
    return [event for event in said if not isinstance(event, StockLevelChanged)]


def booked(service: RunningService, postcode: str = "02108", units: int = 1) -> ShipmentBooked:
    order_id = reserved(service, units)
    service.hears(confirmed(order_id, postcode, units))
    service.makes_calls()
    (said,) = service.said()
    assert isinstance(said, ShipmentBooked)
    return said


def choice(service: RunningService, shipment_id: str) -> Any:
    return service.reads(choices.choice, MERCHANT, shipment_id)
