"""The idle one box: start to ready on migrated data, and its resident memory, whole process."""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.measure import in_turn, tell
from onebox.local.daemon import Daemon
from onebox.local.ports import free_ports

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "cli.main", "run", "--no-demo"]


class Idle:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resident_mb = 0.0

    def start_s(self) -> float:
        port = str(free_ports(1)[0])
        began = time.perf_counter()
        command = [*COMMAND, "--port", port, "--var", str(self.folder / "var")]
        box = Daemon(command, self.folder / "out", cwd=ROOT, env=os.environ)
        box.wait_until(lambda: _is_ready(port))
        took = time.perf_counter() - began
        time.sleep(15 if self.resident_mb == 0 else 4)  # the sample data is loaded once
        status = Path(f"/proc/{box.pid}/status").read_text()
        line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
        self.resident_mb = int(line.split()[1]) / 1024
        box.end(signal.SIGINT)
        return took


def _is_ready(port: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).is_success
    except httpx.HTTPError:
        return False


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as name:
        idle = Idle(Path(name))
        idle.start_s()
        found = in_turn({"start": idle.start_s}, 3)
        tell(
            "idle",
            {
                "start to ready s (goal 3)": found["start"],
                "resident MB (goal 150)": idle.resident_mb,
            },
        )


if __name__ == "__main__":
    main()
