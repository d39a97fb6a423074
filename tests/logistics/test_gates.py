"""Gates decide who may carry: what servqual said, and its dates, at the moment of use."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.servqual import Capability, ProviderChanged, ProviderStatus
from contracts.values import Money
from services.logistics.app import SERVICE
from services.logistics.commands import stock
from services.logistics.commands.cards import record_cards
from services.logistics.domain.shipping.cards import parse_cards
from services.logistics.domain.shipping.gates import Load, Standing, gated, refusals
from services.logistics.domain.shipping.rates import Rates
from services.logistics.queries import choice
from services.logistics.queries import shipping as queries
from services.logistics.schemas.shipping import RatesAsked
from services.logistics.schemas.stock import NewLocation
from tests.running import MERCHANT, RunningService, caller

RATES = Path(__file__).resolve().parents[2] / "services" / "logistics" / "sample" / "rates"
TODAY = datetime.now(UTC).date()
LOAD = Load(1, {"EUR": 1250})


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    texts = {path.name: path.read_text(encoding="utf-8") for path in RATES.glob("*.csv")}
    cards, _ = parse_cards(texts)
    parsed = {
        "cards": [queries.CARD.dump_python(card, mode="json") for card in cards],
        "errors": [],
    }
    running.does(record_cards, SimpleNamespace(tenant=MERCHANT, id="job_1"), parsed)
    new = NewLocation(location_id="BRE", name="Bremen", country="DE", postcode="28195")
    running.does(stock.add_location, caller(), new)
    yield running
    running.close()


def rates(service: RunningService) -> Any:
    asked = RatesAsked.model_validate(
        {
            "destination": {"country": "US", "postcode": "02108"},
            "parcels": [{"weight_g": 250, "length_mm": 150, "width_mm": 100, "height_mm": 60}],
            "value": Money.of(1250, "EUR"),
            "incoterm": "DDP",
        }
    )
    return service.reads(lambda session: choice.rates_out(session, MERCHANT, asked, whole=True))


def changed(
    provider: str, status: ProviderStatus, until: date | None, sequence: int
) -> ProviderChanged:
    return ProviderChanged(
        tenant="platform", sequence=sequence, provider_id=provider, title=provider,
        status=status, eligible_until=until,
    )  # fmt: skip


def told(offer: Any) -> Any:
    """All but the reason of its place, which is told against the first."""
    return offer.model_copy(update={"because": ""})


def test_an_expired_provider_is_offered_no_more_and_renewed_it_is_back(
    service: RunningService,
) -> None:
    before = rates(service)
    first = before.offers[0].provider_id

    service.hears(changed(first, "approved", TODAY - timedelta(days=1), 1))

    expired = rates(service)
    assert first not in {offer.provider_id for offer in expired.offers}
    reasons = [
        why for each in expired.excluded if each.provider_id == first for why in each.reasons
    ]
    assert any("was valid through" in reason for reason in reasons)
    others = [told(offer) for offer in before.offers if offer.provider_id != first]
    assert [told(offer) for offer in expired.offers] == others

    service.hears(changed(first, "approved", TODAY + timedelta(days=365), 3))
    service.hears(changed(first, "suspended", None, 2))  # a late state

    assert rates(service) == before


@pytest.mark.parametrize(
    ("status", "until", "may"),
    [
        ("approved", TODAY, True),  # valid through its last day
        ("provisional", None, True),
        ("approved", TODAY - timedelta(days=1), False),
        ("suspended", TODAY + timedelta(days=9), False),
        ("under_review", None, False),
        ("revoked", None, False),
    ],
)
def test_status_and_date_decide_and_nothing_is_lost(
    service: RunningService, status: str, until: date | None, may: bool
) -> None:
    found = service.reads(lambda session: queries.cards(session, MERCHANT))
    assert found
    whole = rates(service)
    provider = whole.offers[0].provider_id
    offers = tuple(
        SimpleNamespace(provider=each.provider_id, service=each.service) for each in whole.offers
    )

    left = gated(Rates(offers, ()), {provider: Standing(status, until)}, LOAD, TODAY)  # type: ignore[arg-type]

    assert (provider in {each.provider for each in left.offers}) is may
    assert len(left.offers) + len(left.excluded) == len(offers)


def test_a_value_not_known_in_the_currency_of_the_cover_is_not_covered() -> None:
    insured = Standing("approved", None, insured_up_to=Money.of(5000, "EUR"))

    def codes(**value: int) -> list[str]:
        return [gap.code for gap in refusals(insured, "world", Load(1, value), TODAY)]

    assert codes(EUR=5000, USD=9000) == []
    assert codes(EUR=5001) == ["insurance"]
    assert codes(USD=1) == ["insurance"]


def test_what_a_provider_does_not_say_it_can_do_it_cannot() -> None:
    nines = Capability(service="world", dangerous_goods=("9",), cold_chain=True)
    able = Standing("approved", None, capabilities=(nines,))

    def refused(tag: str, service: str = "world", standing: Standing = able) -> bool:
        return bool(refusals(standing, service, Load(1, {}, frozenset({tag})), TODAY))

    assert not refused("dg:9")
    assert not refused("dg")
    assert not refused("cold_chain")
    assert not refused("food")
    assert refused("dg:3")
    assert refused("battery:lithium_ion")
    assert refused("dg:9", "express")
    assert refused("dg", "world", Standing("approved", None))
    assert refusals(None, "world", Load(9, {}, frozenset({"dg:9"})), TODAY) == ()
