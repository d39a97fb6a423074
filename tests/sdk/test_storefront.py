"""The example storefront in a real browser, with the publishable key only."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import DESKTOP, PHONE, browser, faults_of, fits, page_of, shot
from tests.sdk.passage import Passage, answers, passage_to
from tests.system.platform import Box, Shop

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group("sdk")


@pytest.fixture
def shop(box: Box, tmp_path: Path) -> Iterator[Passage]:
    """The page as a merchant would put it up: with its own key in it."""
    folder = shutil.copytree(ROOT / "examples" / "storefront", tmp_path / "shop")
    page = folder / "index.html"
    page.write_text(page.read_text().replace("pk_put_yours_here", box.keys["publishable"]))
    with passage_to(box.url, folder) as passage:
        yield passage


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_buyer_quotes_orders_and_follows_by_keyboard_alone(
    box: Box, shop: Passage, tmp_path: Path, size: tuple[int, int]
) -> None:
    before = set(Shop(box.keys).orders())
    with browser() as chromium, page_of(chromium, size) as page:
        page.goto(shop.url)
        _quote(page)
        expect(page.locator("#totals")).to_contain_text("Duties")
        expect(page.locator("#charges")).to_contain_text("HTSUS 0902.10.90")
        assert faults_of(page) == []
        assert fits(page)
        shot(page, tmp_path, f"quote-{size[0]}")

        for words in ("Ada Example", "1 High Street", "Boston"):
            page.keyboard.type(words)
            page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.locator("#status")).to_have_text("Booked with a carrier", timeout=30_000)
        expect(page.locator("#timeline")).to_contain_text("A carrier is booked")
        assert faults_of(page) == []
        assert fits(page)
        shot(page, tmp_path, f"order-{size[0]}")
        page.reload()
        expect(page.locator("#status")).to_have_text("Booked with a carrier")
    assert len(set(Shop(box.keys).orders()) - before) == 1


def test_what_is_refused_is_marked_where_it_is_and_an_old_price_goes(shop: Passage) -> None:
    with browser() as chromium:
        page = chromium.new_page()  # its console tells of the refusal
        page.goto(shop.url)
        _quote(page)

        page.locator("[name=region]").fill("M@SS")
        expect(page.locator("#pay")).to_be_hidden()
        page.locator("[name=region]").press("Enter")

        expect(page.locator("#refused")).to_contain_text("/destination/region")
        expect(page.locator("[name=region]")).to_be_focused()
        assert page.locator("[aria-invalid]").count() == 1
        assert faults_of(page) == []


def test_an_order_sent_again_after_a_failure_keeps_its_key(box: Box, shop: Passage) -> None:
    before = set(Shop(box.keys).orders())
    with browser() as chromium:
        page = chromium.new_page()  # its console tells of the failure
        page.goto(shop.url)
        _quote(page)
        for name, words in (("name", "Ada"), ("street", "Weg 1"), ("city", "Boston")):
            page.locator(f"[name={name}]").fill(words)
        problem = "application/problem+json"
        shop.faults.append(answers(503, Content_Type=problem))
        page.locator("#pay").click()
        expect(page.locator("#refused")).to_be_visible()
        page.locator("#pay").click()
        expect(page.locator("#order")).to_be_visible(timeout=30_000)

    first, second = [each for each in shop.to("/v1/orders") if each.method == "POST"]
    assert first.key == second.key != ""
    assert len(set(Shop(box.keys).orders()) - before) == 1


def _quote(page: Page) -> None:
    """To the product by its place in the page, and on with the keyboard."""
    page.locator("[name=country]").select_option("US")
    page.locator("[name=sku]").select_option("TEA-SENCHA-100")
    page.locator("[name=country]").focus()
    for words in ("MA", "02108"):
        page.keyboard.press("Tab")
        page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.locator("#quote-title")).to_be_focused(timeout=15_000)
    page.keyboard.press("Tab")
    expect(page.locator("[name=name]")).to_be_focused()
