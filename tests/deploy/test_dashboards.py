"""Dashboards and rules against what a running platform really shows to a real Prometheus."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from signal import SIGTERM
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]

from onebox.local.daemon import Daemon
from onebox.local.ports import free_ports
from tests.deploy.tools import ROOT, prometheus, values_at
from tests.onebox.box import running

DASHBOARDS = {
    path.name: json.loads(path.read_text())
    for path in sorted((ROOT / "deploy/grafana/dashboards").iterdir())
}
RULES = [
    yaml.safe_load(path.read_text())
    for path in sorted((ROOT / "deploy/prometheus/rules").iterdir())
]
SUFFIXES = ("_bucket", "_count", "_sum")


def metrics_in(expression: str) -> set[str]:
    without_strings = re.sub(r'"[^"]*"', "", expression)
    found = re.findall(r"[a-z_:]*(?:hansa|process)_[a-z0-9_:]+", without_strings)
    return set(found)


@contextmanager
def shown(text: bytes) -> Iterator[int]:
    """These metrics, to be scraped. The port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


class Prometheus:
    """One that has scraped and read the rules."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, path: str, **query: str) -> Any:
        answer = httpx.get(f"{self._url}/api/v1/{path}", params=query, timeout=10)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def known(self) -> set[str]:
        """Also what has no series yet: its type is scraped all the same."""
        families = {each["metric"] for each in self.ask("targets/metadata")}
        rules = {
            rule["name"]
            for group in self.ask("rules", type="record")["groups"]
            for rule in group["rules"]
        }
        counted = {f"{name}{suffix}" for name in families for suffix in SUFFIXES}
        return families | counted | rules

    def is_up(self) -> bool:
        """It has scraped; while it starts it refuses with 503."""
        try:
            answer = httpx.get(f"{self._url}/api/v1/query", params={"query": "up == 1"}, timeout=10)
        except httpx.HTTPError:
            return False
        return answer.is_success and bool(answer.json()["data"]["result"])


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program, folder = prometheus(), tmp_path_factory.mktemp("prometheus")
    with running(folder) as (client, keys):
        client.get("/v1/products", headers={"Authorization": f"Bearer {keys['secret']}"})
        time.sleep(2.5)  # what is counted in the background is counted every two seconds
        text = client.get("/metrics").content
    with shown(text) as port:
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ROOT / "deploy/prometheus/rules/*.yml")],
            "scrape_configs": [
                {"job_name": "hansa", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        own = free_ports(1)[0]
        server = Daemon(
            [
                program,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/series",
                f"--web.listen-address=127.0.0.1:{own}",
            ],
            folder / "words",
        )
        asked = Prometheus(f"http://127.0.0.1:{own}")
        try:
            server.wait_until(asked.is_up)
            yield asked
        finally:
            server.end(SIGTERM)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_asks_for_what_is_there(scraped: Prometheus, name: str) -> None:
    expressions = list(values_at(DASHBOARDS[name], "expr"))
    known = scraped.known()

    assert len(expressions) >= len(DASHBOARDS[name]["panels"])
    for expression in expressions:
        scraped.ask("query", query=expression)
        assert metrics_in(expression) - known == set(), expression


def test_every_rule_asks_for_what_is_there(scraped: Prometheus) -> None:
    known = scraped.known()
    expressions = list(values_at(RULES, "expr"))

    assert expressions
    for expression in expressions:
        assert metrics_in(expression)
        assert metrics_in(expression) - known == set(), expression


def test_a_metric_that_is_not_there_and_a_wrong_expression_are_noticed(
    scraped: Prometheus,
) -> None:
    assert metrics_in(
        'sum(rate(hansa_parked_record{service="hansa_x"}[5m]))'
    ) - scraped.known() == {"hansa_parked_record"}
    with pytest.raises(AssertionError, match="parse error"):
        scraped.ask("query", query="sum by service (hansa_parked_records)")


def test_every_metric_of_ours_is_on_a_dashboard(scraped: Prometheus) -> None:
    own = {each["metric"] for each in scraped.ask("targets/metadata")}
    own = {name for name in own if name.startswith("hansa_") and not name.endswith("_created")}
    asked = {
        name
        for each in values_at([*DASHBOARDS.values(), RULES], "expr")
        for name in metrics_in(each)
    }
    asked = {re.sub("_(bucket|count|sum)$", "", name) for name in asked}

    assert own - asked == set()


def test_panels_do_not_overlap_and_use_the_source_that_is_provided() -> None:
    provided = (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
    source = yaml.safe_load(provided)["datasources"][0]["uid"]
    for board in DASHBOARDS.values():
        assert {each["uid"] for each in values_at(board, "datasource")} == {source}
        cells = [
            (x, y)
            for panel in board["panels"]
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24
    assert len({board["uid"] for board in DASHBOARDS.values()}) == len(DASHBOARDS)
