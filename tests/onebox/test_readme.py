"""What the README prints works as printed."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli import sample
from cli.client import keys_in
from onebox.local.daemon import Daemon
from onebox.local.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A running platform with the sample data, its keys in `var` below the folder."""
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "cli.main", "run", "--no-demo", "--port", str(port)]
    box = Daemon([*command, "--var", str(tmp_path / "var")], tmp_path / "out", cwd=ROOT)
    try:
        box.wait_until(lambda: _is_loaded(tmp_path / "var", f"http://127.0.0.1:{port}"))
        yield tmp_path
    finally:
        box.end(signal.SIGINT)


def _is_loaded(var: Path, url: str) -> bool:
    try:
        ready = httpx.get(f"{url}/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False
    return ready and sample.is_loaded(keys_in(var)) and _has_stock(var)


def _has_stock(var: Path) -> bool:
    keys = keys_in(var)
    headers = {"Authorization": f"Bearer {keys['secret']}"}
    answer = httpx.get(f"{keys['url']}/v1/stock", headers=headers, timeout=5)
    return bool(answer.is_success and answer.json()["data"])


def test_the_shell_examples_work_as_printed(folder: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 1

    began = time.monotonic()
    said = subprocess.run(
        ["/bin/sh", "-e", "-c", blocks[0]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert "'duties'" in lines[0]
    assert re.fullmatch(r"ord_[0-9a-f]{32} (reserved|confirmed|booked)", lines[-1]), lines
    assert time.monotonic() - began < 60


def test_help_says_what_each_command_does() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "cli.main", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    for command in ("run", "run-full", "demo", "import", "replay", "resay", "parked", "doctor"):
        assert re.search(rf"\b{command}\b", said.stdout)


def test_a_busy_port_is_told_in_one_line_with_the_way_out(tmp_path: Path) -> None:

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = subprocess.run(
            [sys.executable, "-m", "cli.main", "run", "--port", port, "--var", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "PORT=8081" in said.stderr
