"""Choosing as it happens: what was heard moves the choice, and the decision can be read again."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.http import Problem
from contracts.catalog import MarketChanged
from contracts.logistics import ShipmentBooked, ShipmentRefused
from contracts.servqual import Capability, ProviderChanged, RatingChanged, Theta
from contracts.values import Incoterm, Money
from services.logistics.commands import policies
from services.logistics.commands.tariff import record_import
from services.logistics.domain.tariff.hansa_csv import read
from services.logistics.queries import choice as choices
from services.logistics.queries import options
from services.logistics.schemas.shipping import PolicyIn, RatesAsked
from tests.logistics.carrying import (
    RATES,
    TEA,
    booked,
    carrying,
    choice,
    confirmed,
    import_cards,
    reserved,
)
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller, signed_in

TARIFF = RATES.parent / "tariff"
TODAY = datetime.now(UTC).date()
POST, HANSE = "prv_0b7de4a18c2f4d6f9a41c3e5b7092846", "prv_91d3f6ae57c84b0d86e2047fb9a1c65d"
EXPRESS = "prv_6a1f0c52d94b4e7e8b3a5c7d9e1f2031"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = carrying(tmp_path)
    yield running
    running.close()


def rated(provider: str, sequence: int, rating: float, on_time: float) -> RatingChanged:
    return RatingChanged(
        tenant="platform", sequence=sequence, provider_id=provider, rating=rating, sd=2,
        without_reliability=rating, without_reliability_sd=2, dimensions={},
        on_time={"*": Theta(value=on_time, sd=0.01, n=80)},
        loss_damage=Theta(value=0.003, sd=0.001, n=80), grade="medium", is_insufficient=False,
        model="sq-1", as_of=datetime(2026, 11, sequence, tzinfo=UTC),
    )  # fmt: skip


def changed(provider: str, sequence: int, status: Any = "approved", **said: Any) -> ProviderChanged:
    return ProviderChanged(
        tenant="platform", sequence=sequence, provider_id=provider, title=provider, status=status,
        **said,
    )  # fmt: skip


def asked(value: str = "12.50", currency: str = "EUR", *goods: str) -> RatesAsked:
    return RatesAsked.model_validate(
        {
            "destination": {"country": "US", "postcode": "02108"},
            "parcels": [
                {"weight_g": 250, "length_mm": 150, "width_mm": 100, "height_mm": 60,
                 "goods": list(goods)}
            ],
            "value": {"amount": value, "currency": currency},
        }
    )  # fmt: skip


def rates(service: RunningService, what: RatesAsked | None = None) -> Any:
    return service.reads(
        lambda session: choices.rates_out(session, MERCHANT, what or asked(), whole=True)
    )


def reasons(found: Any, provider: str) -> str:
    return "; ".join(
        why for each in found.excluded if each.provider_id == provider for why in each.reasons
    )


def load_tariff(service: RunningService) -> None:
    files = {path.name: path.read_text("utf-8") for path in TARIFF.glob("*.csv")}
    rows = [asdict(row) for row in read(files).rows]
    result = {"errors": [], "rows": rows, "unparsed": {}, "sha256": "0" * 64}
    service.does(record_import, None, result)


def test_a_rating_heard_moves_the_choice_to_the_other_provider_and_tells_the_reason(
    service: RunningService,
) -> None:
    service.hears(rated(POST, 1, 75, 0.95), rated(HANSE, 1, 70, 0.93))
    before = booked(service)
    assert before.provider_id == POST

    service.hears(rated(POST, 3, 45, 0.72), rated(POST, 2, 99, 0.99))  # the second is late
    after = booked(service)

    assert after.provider_id == HANSE
    why = choice(service, after.shipment_id)
    first, second = why.offers[:2]
    assert (first.chosen, first.provider_id) == (True, HANSE)
    assert "the best" in first.because
    assert (second.provider_id, second.score.why_not) == (POST, ["p_on_time", "rating"])
    assert second.score.as_of == datetime(2026, 11, 3, tzinfo=UTC)
    assert first.price.minor > second.price.minor
    kept = choice(service, before.shipment_id)
    assert kept.offers[0].score.as_of == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_decision_kept_can_be_calculated_again_from_what_it_shows(
    service: RunningService,
) -> None:
    service.hears(rated(POST, 1, 75, 0.95), rated(HANSE, 1, 70, 0.93), rated(EXPRESS, 1, 88, 0.98))
    why = choice(service, booked(service).shipment_id)

    assert (why.anchors_version, sum(why.weights.values())) == ("anchors-1", 100)
    scored = [offer for offer in why.offers if offer.score]
    assert len(scored) == 3
    for offer in scored:
        assert sum(offer.score.contributions.values()) == pytest.approx(offer.score.score)
        worst, best = why.anchors["cost"]
        worth = min(1, max(0, (offer.compared.minor - worst) / (best - worst)))
        assert offer.score.contributions["cost"] == pytest.approx(why.weights["cost"] * worth)


def test_rates_show_the_same_order_score_and_reasons_over_http(service: RunningService) -> None:
    service.hears(rated(POST, 1, 45, 0.72), rated(HANSE, 1, 80, 0.97))

    with service.client() as client:
        body = asked().model_dump(mode="json")
        answer = client.post("/v1/shipping-rates", json=body, headers=signed_in()).json()
        public = client.post(
            "/v1/shipping-rates", json=body, headers=signed_in("storefront")
        ).json()

    offers = answer["offers"]
    assert [offer["provider_id"] for offer in offers][:2] == [HANSE, POST]
    assert offers[1]["score"]["why_not"] == ["p_on_time", "rating"]
    assert set(offers[0]["score"]["contributions"]) == {"cost", "p_on_time", "rating", "damage"}
    assert [offer["score"] for offer in offers[2:]] == [None] * (len(offers) - 2)
    assert [offer["lines"] for offer in public["offers"]] == [[]] * len(offers)
    assert [offer["score"] for offer in public["offers"]] == [offer["score"] for offer in offers]


def test_what_expired_since_the_plan_is_not_asked_after_a_decline(service: RunningService) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99990"))  # the first declines, once it is asked
    service.hears(changed(HANSE, 1, eligible_until=TODAY - timedelta(days=1)))

    assert service.makes_calls() == ["booking.book", "booking.book"]

    (said,) = service.said()
    assert isinstance(said, ShipmentBooked)
    assert said.provider_id == EXPRESS
    why = choice(service, said.shipment_id)
    assert [offer.provider_id for offer in why.offers] == [POST, HANSE, EXPRESS]
    assert [offer.was_asked for offer in why.offers] == [True, False, True]
    assert [offer.chosen for offer in why.offers] == [False, False, True]
    assert "was valid through" in why.offers[1].not_asked


def test_an_order_nobody_may_carry_any_more_tells_each_reason(service: RunningService) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99990"))
    service.hears(changed(HANSE, 1, "suspended"), changed(EXPRESS, 1, "revoked"))

    assert service.makes_calls() == ["booking.book"]

    (said,) = service.said()
    assert isinstance(said, ShipmentRefused)
    assert said.reasons[POST] == "no capacity today"
    assert "suspended" in said.reasons[f"{HANSE}/world"]
    assert "revoked" in said.reasons[f"{EXPRESS}/express"]


def test_cover_capacity_and_special_goods_are_gates_of_the_shipment(
    service: RunningService,
) -> None:
    cover = Money.of(1250, "EUR")
    service.hears(
        changed(POST, 1, insured_up_to=cover), changed(HANSE, 1, gates={"capacity": "fail"})
    )
    assert reasons(rates(service), POST) == ""
    assert "insurance" in reasons(rates(service, asked("12.51")), POST)
    assert "capacity" in reasons(rates(service), HANSE)

    load_tariff(service)  # 14.60 USD are 12.50 EUR, by the rate of the day
    assert reasons(rates(service, asked("14.60", "USD")), POST) == ""
    assert "covers 12.50 EUR" in reasons(rates(service, asked("14.70", "USD")), POST)

    batteries = "battery:lithium_ion"
    assert "no batteries" in reasons(rates(service, asked("12.50", "EUR", batteries)), POST)
    able = Capability(service="postal", batteries=True)
    service.hears(changed(POST, 2, capabilities=(able,)))
    assert reasons(rates(service, asked("12.50", "EUR", batteries)), POST) == ""


def test_a_provisional_provider_is_booked_for_no_more_parcels_a_week_than_its_cap(
    service: RunningService,
) -> None:
    service.hears(changed(POST, 1, "provisional", weekly_cap=2))

    carriers = [booked(service).provider_id for _ in range(3)]

    assert carriers == [POST, POST, HANSE]
    assert "3 parcels in seven days, at most 2" in reasons(rates(service), POST)


def market() -> MarketChanged:
    return MarketChanged(
        tenant=MERCHANT, sequence=1, market_id="mkt_1", code="US", countries=("US",),
        currency="USD", language="en", incoterm=Incoterm.DDP, price_includes_tax=False,
        payment_methods=("card",), rounding="half_up", zone="America/New_York",
    )  # fmt: skip


def test_a_merchant_says_per_market_how_carriers_are_chosen(service: RunningService) -> None:
    service.hears(market(), rated(POST, 1, 45, 0.72), rated(HANSE, 1, 80, 0.97))
    assert booked(service).provider_id == HANSE

    with service.client() as client:
        new = {"kind": "cheapest"}
        where = "/v1/shipping-policies"
        for _ in range(2):
            put = client.put(f"{where}/US", json=new, headers=signed_in())
            assert (put.status_code, put.json()["kind"]) == (200, "cheapest")
        listed = client.get(where, headers=signed_in()).json()["data"]
        assert [(each["market"], each["kind"]) for each in listed] == [("US", "cheapest")]
        foreign = signed_in(tenant=OTHER_MERCHANT)
        assert client.get(where, headers=foreign).json()["data"] == []
        assert client.put(f"{where}/US", json=new, headers=foreign).status_code == 404
        for wrong in ({"kind": "fixed"}, {"kind": "best", "provider_id": POST}, {"kind": "first"}):
            assert client.put(f"{where}/US", json=wrong, headers=signed_in()).status_code == 422

    said = booked(service)
    assert said.provider_id == POST
    why = choice(service, said.shipment_id)
    assert (why.policy.kind, "as the merchant wants it" in why.offers[0].because) == (
        "cheapest", True,
    )  # fmt: skip
    service.does(policies.set_policy, caller(), "US", PolicyIn(kind="fixed", provider_id=EXPRESS))
    assert booked(service).provider_id == EXPRESS
    with pytest.raises(Problem):
        service.does(policies.set_policy, caller(), "FR", PolicyIn())


def test_a_card_in_another_currency_is_compared_by_the_rate_of_the_day_or_excluded(
    service: RunningService,
) -> None:
    """Weser's express prices said in dollars, under another name; without what asks for values."""
    text = (RATES / "weser_express.csv").read_text("utf-8").replace(EXPRESS, "prv_dollar")
    rows = [row for row in text.splitlines() if not re.search("max_value|duty_disbursement", row)]
    import_cards(service, {"dollar.csv": "\n".join(rows).replace(",EUR,", ",USD,")})

    without = rates(service)
    assert "rate-unknown: no rate of the day from USD to EUR" in reasons(without, "prv_dollar")
    assert {offer.compared.currency for offer in without.offers} == {"EUR"}

    load_tariff(service)
    found = {offer.provider_id: offer for offer in rates(service).offers}

    dollar, euro = found["prv_dollar"], found[EXPRESS]
    assert (dollar.price.currency, dollar.compared.currency) == ("USD", "EUR")
    assert dollar.compared.minor < euro.compared.minor
    assert dollar.compared.minor == round(dollar.price.minor / 1.1684)
    ordered = [offer.compared.minor for offer in rates(service).offers]
    assert ordered == sorted(ordered)


def test_a_quote_compares_its_options_in_one_currency_too(service: RunningService) -> None:
    """4,000 JPY are 21.42 EUR: a larger number, and the cheaper way."""
    text = (RATES / "hanse_parcel.csv").read_text("utf-8").replace(HANSE, "prv_yen")
    rows = [row for row in text.splitlines() if not re.search("max_value|disbursement|,fuel,", row)]
    yen = re.sub(r",(\d+\.\d\d)(?=,|$)", lambda found: f",{int(float(found[1]) * 100)}",
                 "\n".join(rows).replace(",EUR,", ",JPY,"))  # fmt: skip
    import_cards(service, {"yen.csv": yen})
    tea = [(TEA, 1)]
    wanted = options.Asked(
        ("US", "", "02108"), tea, {"EUR": 1250}, {"EUR": 0, "JPY": 0}, Incoterm.DDP,
        datetime.now(UTC), is_residential=True,
    )  # fmt: skip

    without = service.reads(options.options_for, MERCHANT, wanted)
    assert "rate-unknown" in "; ".join(
        why for each in without.excluded if each.provider_id == "prv_yen" for why in each.reasons
    )
    load_tariff(service)
    found = service.reads(options.options_for, MERCHANT, wanted).options

    prices = {option.provider_id: option for option in found}
    assert prices["prv_yen"].price.minor > prices[POST].price.minor
    assert prices["prv_yen"].compared_minor < prices[POST].compared_minor
    chosen = options.chosen(found, None, None)
    assert chosen is prices["prv_yen"]


@pytest.mark.parametrize(
    ("explores", "worth", "days", "first"),
    [(True, 1250, None, HANSE), (False, 1250, None, POST), (True, 50_000, None, POST),
     (True, 1250, 40, POST)],
)  # fmt: skip
def test_a_new_provider_is_given_a_chance_where_it_may_be(
    service: RunningService,
    monkeypatch: pytest.MonkeyPatch,
    explores: bool,
    worth: int,
    days: int | None,
    first: str,
) -> None:
    """Every request is drawn, and forty days are urgent; what is dear, urgent or not allowed is
    still chosen by its score.
    """
    monkeypatch.setattr("services.logistics.domain.shipping.explore.URGENT_DAYS", 40)
    monkeypatch.setattr("services.logistics.queries.choice.is_explored", lambda *_: True)
    service.hears(
        market(), changed(HANSE, 1, "provisional"), changed(POST, 1), rated(POST, 1, 75, 0.95),
        rated(HANSE, 1, 88, 0.95), rated(EXPRESS, 1, 40, 0.7),
    )  # fmt: skip
    service.does(policies.set_policy, caller(), "US", PolicyIn(explores=explores))
    promised = days and TODAY + timedelta(days=days)
    order_id = reserved(service)
    event = confirmed(order_id, promised_on=promised)
    line = event.declaration[0].model_copy(update={"value": Money.of(worth, "EUR")})

    service.hears(event.model_copy(update={"declaration": (line,)}))
    service.makes_calls()

    (said,) = service.said()
    assert isinstance(said, ShipmentBooked)
    why = choice(service, said.shipment_id)
    assert why.offers[0].provider_id == first
    marked = [offer.score.is_exploration for offer in why.offers if offer.score]
    assert sum(marked) == (first == HANSE)


def test_a_dearer_one_than_frozen_is_booked_and_the_difference_told(
    service: RunningService,
) -> None:
    said = booked(service)  # its freight was frozen at 5.00 EUR
    offers = choice(service, said.shipment_id).offers
    assert offers[0].beyond_frozen == Money.of(said.price.minor - 500, "EUR")
    assert offers[0].beyond_frozen.minor > 0


def test_a_choice_kept_before_it_had_scores_can_still_be_read() -> None:
    old = (
        '{"offers": [{"provider_id": "prv_a", "service": "x", "price": {"amount": "1.00",'
        ' "currency": "EUR"}, "promised_on": "2026-12-01", "because": "unrated"}], "excluded": []}'
    )
    kept = choices.kept(old)
    assert (kept.offers[0].score, kept.offers[0].promised_on) == (None, date(2026, 12, 1))
