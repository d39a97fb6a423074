"""Rules and alerts: read by promtool, tried by its unit tests, and those tests tried by mutants."""

import re
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.deploy.tools import ROOT, promtool

FOLDER = ROOT / "deploy/prometheus"
Rule = dict[str, Any]
RULES: list[Rule] = [
    rule
    for group in yaml.safe_load((FOLDER / "rules/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = sorted({rule["alert"] for rule in RULES})


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool(), *words], capture_output=True, text=True, check=False)


def never(rule: Rule) -> None:
    rule["expr"] = "vector(1) < 0"


def looser(rule: Rule) -> None:
    """The threshold a twentieth, nothing left above zero, a state one lower."""
    last = re.compile(r"(> 0|> ([\d.]+)|== (\d))(?=\)*\s*(#.*)?$)", re.M)

    def mutated(found: re.Match[str]) -> str:
        if found[1] == "> 0":
            return ">= 0"
        return f"> {float(found[2]) / 20}" if found[2] else f">= {int(found[3]) - 1}"

    rule["expr"] = last.sub(mutated, rule["expr"])


def test_rules_are_read_and_their_tests_pass() -> None:
    checked = run("check", "rules", *sorted((FOLDER / "rules").iterdir()))
    tested = run("test", "rules", *sorted((FOLDER / "tests").iterdir()))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("mutate", [never, looser])
def test_an_alert_that_fires_wrongly_is_noticed(
    tmp_path: Path, mutate: Callable[[Rule], None]
) -> None:
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    rules = deepcopy(RULES)
    for rule in rules:
        mutate(rule)
    mutated = {rule["alert"] for rule, before in zip(rules, RULES, strict=True) if rule != before}
    groups = {"groups": [{"name": "all", "rules": rules}]}
    (tmp_path / "prometheus/rules/alerts.yml").write_text(yaml.safe_dump(groups))

    tested = run("test", "rules", tmp_path / "prometheus/tests/alerts.yml")

    noticed = set(re.findall(r'alertname="(\w+)"', tested.stderr))
    assert sorted(mutated - noticed) == []
    assert len(mutated) >= len(ALERTS) - 1


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_how_bad_it_is_and_where_its_remedy_stands(alert: str) -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    for rule in (rule for rule in RULES if rule["alert"] == alert):
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{alert.lower()}"
    part = runbook.partition(f"\n### {alert}\n")[2].partition("\n### ")[0]
    assert "**Means**" in part
    assert "**Do**" in part


def test_the_runbook_speaks_of_no_alert_that_is_not() -> None:
    headings = re.findall(r"^### (Hansa\w+)$", (ROOT / "docs/runbook.md").read_text(), re.M)

    assert sorted(headings) == ALERTS
