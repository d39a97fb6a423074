"""An offer lowers an order's goods exactly as signed, or the order is refused, nothing kept."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from sqlalchemy import select

from chassis.db import Database
from chassis.http import NotYetKnown, Problem
from chassis.migrate import migrate
from contracts.logistics import StockShort
from contracts.orders import OrderPlaced
from contracts.segmentation import OfferChanged, OfferClaims, OfferKeyChanged, OfferTerms
from contracts.values import Money, canonical, new_id
from services.orders.app import SERVICE
from services.orders.commands import place
from services.orders.models import Order
from services.orders.schemas import NewOrder
from tests.orders import world
from tests.running import MERCHANT, RunningService, caller, settings_in

KEY = OKPKey.generate_key("Ed25519")
KID = new_id("key")
NOW = datetime.now(UTC)


def terms(**changed: Any) -> OfferTerms:
    told: dict[str, Any] = {
        "kind": "percent", "title": "Tea week", "depends_on_segment": True, "largest_pct": "20",
        "markets": ("DE",), "skus": ("TEA",), "valid_from": NOW - timedelta(days=1),
        "valid_to": NOW + timedelta(days=7),
    }  # fmt: skip
    return OfferTerms.model_validate(told | changed)


def sha256(of: OfferTerms) -> str:
    return hashlib.sha256(canonical(of.model_dump(mode="json"))).hexdigest()


def changed(of: OfferTerms, sequence: int = 1, **said: Any) -> OfferChanged:
    told: dict[str, Any] = {"status": "published", "terms": of, "terms_sha256": sha256(of)}
    return OfferChanged(tenant=MERCHANT, sequence=sequence, offer_id="off_1", **told | said)


def heard(of: OfferTerms, **said: Any) -> list[Any]:
    key = OfferKeyChanged(
        tenant="platform", sequence=1, kid=KID, public_key=str(KEY.as_dict(private=False)["x"]),
        status="active", not_before=NOW, not_after=NOW + timedelta(days=30),
    )  # fmt: skip
    return [key, changed(of, **said)]


def token(of: OfferTerms, depth: str = "12.50", **told: Any) -> str:
    claims = {
        "offer_id": "off_1", "tenant": MERCHANT, "buyer_id": "ada", "arm": "offer",
        "depth_pct": depth, "terms_sha256": sha256(of), "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
    } | told  # fmt: skip
    return world.signed(OfferClaims.model_validate(claims).model_dump(mode="json"), KID, KEY)


def quoted(discount: int, lines: dict[str, int], arm: str = "offer", **told: Any) -> str:
    """A quote for TEA and others where the discount lies on the line of TEA."""
    found = world.claims(lines)
    line = next(each for each in found["lines"] if each["sku"] == "TEA")
    line["goods"] = world.euro(world.PRICES["TEA"] * line["quantity"] - discount)
    line["discount"] = world.euro(discount)
    found["offers"] = [{"offer_id": "off_1", "arm": arm, "discount": world.euro(discount)}]
    return world.signed(found | told)


def asked(offer: str | None, quote: str, buyer: str = "ada") -> NewOrder:
    given: dict[str, Any] = {
        "offers": [offer] if offer else [],
        "buyer": {"name": "Ada", "buyer_id": buyer},
    }
    return world.order({"TEA": 2}, quote=quote, **given)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    running.hears(*world.heard(), *heard(terms()))
    yield running
    running.close()


def place_one(service: RunningService, offer: str | None, quote: str) -> OrderPlaced:
    service.does(place.place_order, caller(), asked(offer, quote))
    (placed,) = service.said()
    assert isinstance(placed, OrderPlaced)
    return placed


def test_an_order_says_which_offer_it_used_and_what_each_line_was_worth_after_it(
    service: RunningService,
) -> None:
    placed = place_one(service, token(terms()), quoted(313, {"TEA": 2, "CUP": 1}))

    assert (placed.offer_id, placed.arm) == ("off_1", "offer")
    assert placed.discount == Money.of(313, "EUR")  # 12.5 % of 25.00 is 3.125: half up
    assert placed.values == {"l0": Money.of(2187, "EUR"), "l1": Money.of(800, "EUR")}


def test_who_is_held_out_pays_the_whole_price_and_is_told_apart(service: RunningService) -> None:
    held = token(terms(), "0", arm="hold_out")

    placed = place_one(service, held, quoted(0, {"TEA": 2}, "hold_out"))

    assert (placed.arm, placed.discount) == ("hold_out", Money.of(0, "EUR"))


OTHERS_KEY = OKPKey.generate_key("Ed25519")
TWO_TEAS = {"TEA": 2}
REFUSED: dict[str, tuple[str | None, str, str]] = {
    "another buyer's": (token(terms(), buyer_id="bob"), quoted(313, TWO_TEAS), "another buyer"),
    "another merchant's": (token(terms(), tenant="mer_x"), quoted(313, TWO_TEAS), "merchant"),
    "ended": (token(terms(), exp=1), quoted(313, TWO_TEAS), "ended"),
    "with other terms": (token(terms(title="X")), quoted(313, TWO_TEAS), "terms have changed"),
    "malformed": ("no-token", quoted(313, TWO_TEAS), "malformed"),
    "forged": (
        world.signed({"offer_id": "off_1"}, KID, OTHERS_KEY), quoted(313, TWO_TEAS), "signature",
    ),
    "deeper in the quote": (token(terms()), quoted(314, TWO_TEAS), "discount"),
    "of the other arm": (
        token(terms(), "0", arm="hold_out"), quoted(0, TWO_TEAS), "another offer",
    ),
    "in the quote only": (None, quoted(313, TWO_TEAS), "both|with the order"),
    "in the order only": (token(terms()), world.signed(world.claims(TWO_TEAS)), "with the quote"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_offer_that_does_not_fit_is_refused_with_its_place_and_nothing_is_kept(
    service: RunningService, case: str
) -> None:
    offer, quote, why = REFUSED[case]

    with pytest.raises(Problem, match=why) as refused:
        service.does(place.place_order, caller(), asked(offer, quote))

    assert refused.value.status == 422
    assert [error.pointer for error in refused.value.errors] == ["/offers/0"]
    assert service.said() == []
    assert service.reads(lambda session: session.scalars(select(Order.order_id)).all()) == []


def test_a_line_that_the_offer_does_not_cover_has_no_discount(service: RunningService) -> None:
    claims = world.claims({"CUP": 2})
    claims["lines"][0] |= {"goods": world.euro(1400), "discount": world.euro(200)}
    claims["offers"] = [{"offer_id": "off_1", "arm": "offer", "discount": world.euro(200)}]

    with pytest.raises(Problem, match="discount"):
        service.does(
            place.place_order, caller(), asked(token(terms(), "12.5"), world.signed(claims))
        )


def test_a_key_or_an_offer_not_heard_of_yet_is_waited_for(service: RunningService) -> None:
    unknown_key = world.signed({"offer_id": "off_1"}, "key_other", KEY)
    unknown_offer = token(terms(), offer_id="off_2")

    for early in (unknown_key, unknown_offer):
        with pytest.raises(NotYetKnown):
            service.does(place.place_order, caller(), asked(early, quoted(313, TWO_TEAS)))


def test_an_offer_withdrawn_or_over_its_dates_is_refused(service: RunningService) -> None:
    over = terms(valid_to=NOW - timedelta(seconds=1))
    for sequence, state in enumerate(
        [changed(terms(), 2, status="withdrawn"), changed(over, 3)], start=2
    ):
        service.hears(state.model_copy(update={"sequence": sequence}))
        offer = token(state.terms)
        with pytest.raises(Problem, match=r"withdrawn|ended"):
            service.does(place.place_order, caller(), asked(offer, quoted(313, TWO_TEAS)))


def test_a_use_is_given_back_when_the_order_is_given_up(service: RunningService) -> None:
    first = place_one(service, token(terms()), quoted(313, TWO_TEAS))
    with pytest.raises(Problem, match="used it 1 of 1 times"):
        place_one(service, token(terms()), quoted(313, TWO_TEAS))

    service.hears(StockShort(tenant=MERCHANT, order_id=first.order_id, missing={"TEA": 2}))

    assert place_one(service, token(terms()), quoted(313, TWO_TEAS)).offer_id == "off_1"


def test_a_budget_is_spent_to_its_last_cent_and_not_beyond(service: RunningService) -> None:
    often = terms(uses_per_buyer=10)
    service.hears(changed(often, 2, budget=Money.of(939, "EUR")))
    for _ in range(3):
        place_one(service, token(often), quoted(313, TWO_TEAS))

    with pytest.raises(Problem, match="budget is used up"):
        place_one(service, token(often), quoted(313, TWO_TEAS))

    service.hears(changed(often, 3, budget=Money.of(10_000, "USD")))
    with pytest.raises(Problem, match="budget is in USD"):
        place_one(service, token(often), quoted(313, TWO_TEAS))


@pytest.mark.xdist_group("full")
def test_two_orders_at_once_cannot_both_take_the_last_use(
    postgres_url: str, tmp_path: Path
) -> None:
    migrate("services.orders", postgres_url)
    with closing(Database(postgres_url, settings_in(tmp_path))) as db:
        for event in [*world.heard(), *heard(terms())]:
            db.submit(SERVICE.handlers[type(event)], event).result()

        def order(_: int) -> bool:
            try:
                wanted = asked(token(terms()), quoted(313, TWO_TEAS))
                db.submit(place.place_order, caller(), wanted).result()
            except Problem:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(order, range(8))) == 1


@given(
    value=st.integers(0, 10**9),
    depth=st.decimals(0, 100, places=2),
)
def test_a_discount_is_never_more_than_the_value_and_within_half_a_unit_of_exact(
    value: int, depth: Decimal
) -> None:
    claims = OfferClaims(
        offer_id="off_1", tenant="t", buyer_id="b", arm="offer", depth_pct=depth,
        terms_sha256="", iat=0, exp=0,
    )  # fmt: skip

    off = claims.discount_of(Money.of(value, "EUR"))

    assert 0 <= off.minor <= value
    assert abs(Decimal(value) * depth / 100 - off.minor) <= Decimal("0.5")
