"""The sample's rate cards, stock and locations: they parse, they agree, and they differ as told."""

import csv
import re
from pathlib import Path

from contracts.values import COUNTRIES, Incoterm
from services.logistics.domain.shipping.card import RateCard
from services.logistics.domain.shipping.cards import parse_cards
from services.logistics.domain.shipping.places import Place, lane_between

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "services" / "logistics" / "sample"
MARKETS = ("US", "DE", "FR", "GB", "CA", "AU")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, strict=True))


def sample_cards() -> dict[str, RateCard]:
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (SAMPLE / "rates").glob("*.csv")
    }
    cards, errors = parse_cards(texts)
    assert errors == []
    return {card.service: card for card in cards}


def test_five_providers_each_bring_one_card_that_parses() -> None:
    providers = rows_of(SAMPLE / "providers.csv")
    cards = sample_cards()

    assert len(providers) == len(cards) == 5
    assert {row["provider_id"] for row in providers} == {card.provider for card in cards.values()}
    for row in providers:
        assert re.fullmatch(r"prv_[0-9a-f]{32}", row["provider_id"])
        assert (SAMPLE / row["rate_card"]).is_file()


def test_every_market_is_reached_from_bremen_under_ddp() -> None:
    bremen = Place("DE", postcode="28195")
    for market in MARKETS:
        carried = [
            card
            for card in sample_cards().values()
            if Incoterm.DDP in card.incoterms and lane_between(card.lanes, bremen, Place(market))
        ]
        assert len(carried) >= 2, f"{market} leaves no choice"


def test_the_cards_differ_in_terms_reach_dangerous_goods_and_volume() -> None:
    cards = sample_cards()

    assert cards["express"].divisor == 5000
    assert cards["postal"].divisor is None
    assert cards["consolidated"].incoterms == frozenset({Incoterm.DAP})
    assert {lane.destination for lane in cards["europe"].lanes} == {"DE", "FR"}
    refusing = {name for name, card in cards.items() if "dg" in card.limits.refused_goods}
    assert refusing == {"postal", "world"}


def test_each_card_file_says_in_its_head_that_it_is_invented() -> None:
    for path in (SAMPLE / "rates").glob("*.csv"):
        head = path.read_text(encoding="utf-8").splitlines()[:2]
        assert head[0].startswith("# Source: invented")
        assert "Date: 2026-11-26. Confidence:" in head[1]


def test_stock_is_of_known_goods_at_known_german_locations() -> None:
    locations = {row["location"] for row in rows_of(SAMPLE / "stock/locations.csv")}
    goods = {
        row["sku"]
        for row in rows_of(ROOT / "services" / "catalog" / "sample" / "products.csv")
        if row["kind"] == "goods"
    }
    stock = rows_of(SAMPLE / "stock/stock.csv")

    assert (
        {row["country"] for row in rows_of(SAMPLE / "stock/locations.csv")} == {"DE"} <= COUNTRIES
    )
    assert {row["sku"] for row in stock} == goods
    assert {row["location"] for row in stock} == locations
    assert len({(row["sku"], row["location"]) for row in stock}) == len(stock)
    assert all(int(row["quantity"]) > 0 for row in stock)
    for name in ("providers.csv", "stock/locations.csv", "stock/stock.csv"):
        assert all(row["source"] and row["date"] for row in rows_of(SAMPLE / name))
        assert all(row["confidence"] == "high" for row in rows_of(SAMPLE / name))
