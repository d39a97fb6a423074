"""What every benchmark does: rounds in turn, medians, a result that names its machine."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def in_turn(measured: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each, measured A B A B, so that a drift of the machine meets both."""
    found: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, measure in measured.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}


def tell(name: str, figures: Mapping[str, Any]) -> None:
    """Printed, and kept with commit and machine."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    machine = f"{platform.machine()}, {len_cpus()} cores, Python {platform.python_version()}"
    RESULTS.mkdir(exist_ok=True)
    kept = {"commit": commit, "machine": machine, **figures}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    print(name)
    for key, value in figures.items():
        shown = f"{value:,.3f}" if isinstance(value, float) else value
        print(f"  {key:<44} {shown}")


def len_cpus() -> int:
    return len(os.sched_getaffinity(0))
