"""The operators' pages say what is so: commands, settings and files that are there."""

import re

import pytest
from typer.main import get_command

from cli.main import app
from tests.deploy.tools import ROOT

PAGES = {name: (ROOT / f"docs/{name}").read_text() for name in ("operations.md", "runbook.md")}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_commands_and_files_that_are_there(page: str) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"(?:`|bin/)hansa ([a-z-]+)", PAGES[page]))
    files = re.findall(r"`((?:deploy|docs|chassis)/[\w./-]+)`", PAGES[page])

    assert named
    assert named - commands == set()
    assert files
    assert [each for each in files if not (ROOT / each).exists()] == []


def test_every_setting_that_is_named_is_read() -> None:
    read = (ROOT / "chassis/settings.py").read_text().upper()
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGES["operations.md"]))
    own = {"UPSTREAM_CATALOG", "GRAFANA_PASSWORD"}

    assert len(named) > 8
    assert {each for each in named - own if each not in read} == set()
