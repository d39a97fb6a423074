"""`hansa run`: one process on 127.0.0.1 until Ctrl-C."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

from chassis.run import server
from chassis.telemetry import log_json
from onebox.app import OneBox, migrate_all
from onebox.development import development_settings, keys_of


class PortTaken(Exception):
    """Somebody else listens there."""


def listen(port: int) -> socket.socket:
    """Bound before anything else is done. Raises PortTaken with the way out."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        said = f"port {port} is taken ({error.strerror}); choose another: make run PORT=8081"
        raise PortTaken(said) from None
    return listening


def run(port: int, folder: Path, once_ready: Callable[[dict[str, str]], None]) -> None:
    """Migrates, starts, calls `once_ready` with the keys in a thread of its own, serves."""
    with listen(port) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = development_settings(folder, PUBLIC_URL=url)
        log_json(settings.log_level if settings.log_level != "INFO" else "WARNING")
        migrate_all(settings)
        keys = keys_of(folder, settings, url)
        box = server(OneBox(settings), timeout_graceful_shutdown=5)
        threading.Thread(target=once_ready, args=(keys,), name="once-ready", daemon=True).start()
        box.run(sockets=[listening])
