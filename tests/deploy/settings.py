"""What a process would make of the environment that a manifest gives it."""

import subprocess
from collections.abc import Mapping

from chassis.settings import Settings, from_environment
from tests.deploy.tools import ROOT


class Recorded(dict[str, str]):
    """An environment that knows what was asked of it, by name or by going through all of it."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default or "")


def understood(environment: Mapping[str, str]) -> tuple[Settings, set[str]]:
    """The settings, and the names that mean nothing to them: misspelt, or out of use."""
    recorded = Recorded(environment)
    settings = from_environment(recorded)
    by_prefix = {f"UPSTREAM_{name.upper()}" for name in settings.upstreams}
    by_prefix |= {f"CLOCK_{name.upper()}" for name in settings.clocks}
    return settings, set(environment) - recorded.asked - by_prefix


def fresh_secrets() -> dict[str, str]:
    said = subprocess.run([ROOT / "deploy/secrets"], capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in said.stdout.splitlines())
