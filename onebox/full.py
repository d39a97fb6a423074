"""The full mode on one machine, without containers: real PostgreSQL, real Kafka, real processes."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from chassis.settings import Settings
from onebox.development import CLOCKS, development_settings, keys_of
from onebox.local.daemon import Daemon
from onebox.local.kafka import Kafka
from onebox.local.ports import free_ports
from onebox.local.postgres import Postgres
from onebox.run import listen

SERVICES = ("catalog", "orders", "logistics", "servqual", "segmentation")
_PACKAGES = {"gateway": "gateway", **{name: f"services.{name}" for name in SERVICES}}
_ROOT = Path(__file__).resolve().parent.parent


class Full:
    """A process per part over a cluster and a broker of their own. Any of them may be killed."""

    def __init__(self, folder: Path, port: int | None = None, **changed: str) -> None:
        """`changed` are settings of every process. Raises Missing where a tool is."""
        self._folder = folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self.postgres = Postgres(self._folder / "postgres")
        self.kafka = Kafka(self._folder / "kafka")
        ports = free_ports(len(_PACKAGES))
        self._ports = dict(zip(_PACKAGES, ports, strict=True))
        self._ports["gateway"] = port or self._ports["gateway"]
        self.url = f"http://127.0.0.1:{self._ports['gateway']}"
        self._changed = changed
        self._running: dict[str, Daemon] = {}
        self.keys: dict[str, str] = {}

    def start(self) -> None:
        """Returns when every process is ready."""
        self.postgres.start()
        self.kafka.start()
        self._migrate()
        for name in _PACKAGES:
            self._launch(name)
        for name in _PACKAGES:
            self._wait(name)
        self.keys = keys_of(self._folder, self._settings(), self.url)

    def stop(self) -> None:
        for name in list(self._running):
            self._running.pop(name).end(signal.SIGTERM)
        self.kafka.stop()
        self.postgres.stop()

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash would."""
        self._running.pop(name).end(signal.SIGKILL)

    def restart(self, name: str) -> None:
        self._launch(name)
        self._wait(name)

    def send(self, name: str, which: signal.Signals) -> None:
        self._running[name].send(which)

    def address_of(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """What each process finds in its environment."""
        upstreams = {f"UPSTREAM_{name.upper()}": self.address_of(name) for name in SERVICES}
        return {
            **CLOCKS,
            **os.environ,
            **_secrets(self._folder),
            "DATABASE_URL": self.postgres.url("{service}"),
            "LOG_URL": self.kafka.url,
            "PUBLIC_URL": self.url,
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(_ROOT),
            **upstreams,
            **self._changed,
        }

    def _migrate(self) -> None:
        from chassis.migrate import migrate  # noqa: PLC0415 - the tests' helpers need no alembic

        settings = self._settings()
        for name, package in _PACKAGES.items():
            migrate(package, settings.database_for(name))

    def _settings(self) -> Settings:
        urls = {"DATABASE_URL": self.postgres.url("{service}"), "LOG_URL": self.kafka.url}
        return development_settings(self._folder, PUBLIC_URL=self.url, **urls)

    def _launch(self, name: str) -> None:
        command = [sys.executable, "-m", _PACKAGES[name], "serve", "--port", str(self._ports[name])]
        self._running[name] = Daemon(
            command, self._folder / f"{name}.log", env=self.environment(), cwd=_ROOT
        )

    def _wait(self, name: str) -> None:
        self._running[name].wait_until(lambda: _is_ready(self.address_of(name)))


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _secrets(folder: Path) -> dict[str, str]:
    lines = (folder / "dev-secrets.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def run_full(port: int, folder: Path, once_ready: Callable[[dict[str, str]], None]) -> None:
    """`hansa run-full`, until Ctrl-C. Raises PortTaken or Missing before anything is started."""
    listen(port).close()
    stopping = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopping.set())
    with Full(folder, port) as platform:
        threading.Thread(target=once_ready, args=(platform.keys,), daemon=True).start()
        stopping.wait()
