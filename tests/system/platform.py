"""The platform as it is run, one process or many, and what a storefront does with it."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from cli import sample
from cli.client import keys_in
from cli.providers import TITLES
from onebox.full import Full
from onebox.local.daemon import Daemon, Missing
from onebox.local.ports import free_ports
from tests.conftest import cannot_run

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"REQUESTS_PER_SECOND": "1000000"}


class Box:
    """`hansa run` as a process of its own, on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    @property
    def keys(self) -> dict[str, str]:
        return keys_in(self.folder)

    def start(self) -> None:
        command = [sys.executable, "-m", "cli.main", "run", "--no-demo", "--port", str(self.port)]
        self._process = Daemon(
            [*command, "--var", str(self.folder)], self.folder.with_suffix(".out"), cwd=ROOT,
            env={**os.environ, **SETTINGS},
        )  # fmt: skip
        self._process.wait_until(lambda: _is_ready(self.url))

    def kill(self) -> None:
        self._process.end(signal.SIGKILL)

    def stop(self) -> None:
        self._process.end(signal.SIGINT)


@contextmanager
def one_box() -> Iterator[Box]:
    with tempfile.TemporaryDirectory(prefix="hansa-") as folder:
        box = Box(Path(folder) / "var")
        try:
            eventually(lambda: _is_rated(box.keys), 240)  # the whole sample, beside other tests
            yield box
        finally:
            box.stop()


@contextmanager
def many_processes() -> Iterator[Full]:
    """Gateway and five services on real PostgreSQL and Kafka, the sample data loaded."""
    with tempfile.TemporaryDirectory(prefix="hansa-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            platform = Full(Path(folder), None, **SETTINGS)
        except Missing as why:
            cannot_run(why)
        with platform:
            sample.load(platform.keys, lambda _: None)
            sample.load_past(platform.keys, Path(folder) / "sample", lambda _: None)
            yield platform


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _is_rated(keys: dict[str, str]) -> bool:
    """The last of the sample: its providers are known and their past is counted."""
    cards = [
        httpx.get(f"{keys['url']}/v1/scorecards/{each}", headers=bearer(keys["secret"]), timeout=5)
        for each in TITLES
    ]
    return all(card.is_success and card.json()["rating"] is not None for card in cards)


def unsaid(url: str) -> float:
    """Events in the outboxes of one process; infinite until it has counted them."""
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics", timeout=5).text)
    depths = next(family for family in families if family.name == "hansa_outbox_depth")
    return sum(sample.value for sample in depths.samples) if depths.samples else inf


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def eventually(look: Callable[[], Any], within_s: float = 60.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
    return found


class Shop:
    """A storefront with the merchant's back office behind it."""

    def __init__(self, keys: dict[str, str]) -> None:
        self.keys = keys
        limits = httpx.Limits(max_connections=40)
        self.http = httpx.Client(base_url=f"{keys['url']}/v1", timeout=60, limits=limits)

    def quote(self, sku: str = "TEA-SENCHA-100", quantity: int = 1) -> dict[str, Any]:
        asked = {"destination": {"country": "DE"}, "lines": [{"sku": sku, "quantity": quantity}]}
        answer = self.http.post(
            "/landed-cost-quotes", json=asked, headers=bearer(self.keys["publishable"])
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        assert found["token"], found["gaps"]
        return found

    def order(
        self, quote: dict[str, Any], key: str, token: str = "tok_success", **headers: str
    ) -> httpx.Response:
        body = {
            "quote": {"token": quote["token"], "ledger": quote["ledger"]},
            "buyer": {"name": "Ada"},
            "ship_to": {
                "name": "Ada", "street": "Weg 1", "city": "Berlin", "postal_code": "10115",
                "country": "DE",
            },
            "payment": {"token": token},
        }  # fmt: skip
        sent = bearer(self.keys["publishable"]) | {"Idempotency-Key": key} | headers
        return self.http.post("/orders", json=body, headers=sent)

    def orders(self) -> dict[str, dict[str, Any]]:
        """All of the merchant's orders by their id."""
        found: dict[str, dict[str, Any]] = {}
        after: str | None = None
        while True:
            query = {"limit": "200", **({"after": after} if after else {})}
            answer = self.http.get("/orders", params=query, headers=bearer(self.keys["secret"]))
            page = answer.json()
            found |= {order["order_id"]: order for order in page["data"]}
            after = page["next_cursor"]
            if after is None:
                return found

    def show(self, order_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/orders/{order_id}", headers=bearer(self.keys["secret"]))
        shown: dict[str, Any] = answer.json()
        return shown

    def stock(self, sku: str) -> tuple[int, int]:
        """On hand and available, over all locations."""
        answer = self.http.get(f"/stock/{sku}", headers=bearer(self.keys["secret"])).json()
        return (
            sum(level["on_hand"] for level in answer["levels"]),
            sum(level["available"] for level in answer["levels"]),
        )

    def count_to(self, sku: str, units: int) -> None:
        """So many are left, all of them at the first location."""
        levels = self.http.get(f"/stock/{sku}", headers=bearer(self.keys["secret"])).json()[
            "levels"
        ]
        for number, level in enumerate(levels):
            counted = {
                "sku": sku, "location_id": level["location_id"], "kind": "count",
                "quantity": 0 if number else units,
            }  # fmt: skip
            answer = self.http.post(
                "/stock/movements", json=counted, headers=bearer(self.keys["secret"])
            )
            assert answer.status_code == 201, answer.text


def at_once(work: Callable[[int], Any], how_many: int, threads: int = 30) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(how_many)))
