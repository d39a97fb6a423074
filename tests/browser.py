"""A real browser for pages: headless Chromium, and axe-core to judge what it shows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from onebox.local.daemon import Missing
from tests.conftest import cannot_run

PHONE, DESKTOP = (390, 844), (1280, 900)


@contextmanager
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        cannot_run(Missing("Chromium", "apt-get install chromium"))
    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def page_of(
    chromium: Browser, size: tuple[int, int], headers: dict[str, str] | None = None
) -> Iterator[Page]:
    """A page whose console must stay silent: a refused style or script is an error there."""
    width, height = size
    context = chromium.new_context(
        viewport={"width": width, "height": height}, extra_http_headers=headers or {}
    )
    said: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    try:
        yield page
        assert said == []
    finally:
        context.close()


def faults_of(page: Page) -> list[str]:
    """What axe-core finds against the page's accessibility, by rule and element."""
    found = Axe().run(page)
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def fits(page: Page) -> bool:
    """Nothing sticks out sideways."""
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return wide


def shot(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)
