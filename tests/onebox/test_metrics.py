"""What an operator scrapes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.onebox.box import running


def promtool() -> str:
    unpacked = Path(__file__).resolve().parents[2] / ".cache/prometheus/usr/bin/promtool"
    found = shutil.which("promtool") or (str(unpacked) if unpacked.exists() else None)
    if found is None:
        if os.environ.get("REQUIRE_FULL") == "1":
            pytest.fail("REQUIRE_FULL=1, and promtool is missing: it comes with prometheus")
        pytest.skip("promtool is missing: it comes with prometheus")
    return found


def test_the_metrics_are_as_prometheus_wants_them(tmp_path: Path) -> None:
    tool = promtool()
    with running(tmp_path) as (client, keys):
        client.get("/v1/products", headers={"Authorization": f"Bearer {keys['secret']}"})
        text = client.get("/metrics").text

    said = subprocess.run(
        [tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    ours = [line for line in said.stdout.splitlines() + said.stderr.splitlines() if "hansa" in line]
    assert ours == []
    route = 'hansa_http_request_duration_seconds_count{method="GET",route="/products"'
    assert route in text


def test_readiness_names_what_does_not_answer(tmp_path: Path) -> None:
    with running(tmp_path) as (client, _):
        assert client.get("/readyz").json() == {"status": "ready", "service": "gateway"}
        assert client.get("/healthz").json() == {"status": "alive"}
