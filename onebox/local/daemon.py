"""A server of another make as a child of this process."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

START_S = 60.0


class Missing(Exception):
    """A tool is not on this machine; the text says which and how to mend it."""

    def __init__(self, tool: str, mend: str) -> None:
        super().__init__(f"{tool} is missing: {mend}")
        self.tool = tool


class DidNotStart(Exception):
    """The server ended, or was not ready in time; the text ends with its last words."""


class Daemon:
    """A server that ends when this process ends, however it ends.

    A shell waits on a pipe of ours and kills the server's group when the pipe closes. PDEATHSIG
    would follow the thread that started the server, and a handler is not run on SIGKILL.
    """

    def __init__(self, command: Sequence[str], output: Path, **options: Any) -> None:
        self._output = output
        with output.open("ab") as words:
            self._server = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        self._guard = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", f"read -r _; kill -9 -{self.pid}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._server.pid

    def is_alive(self) -> bool:
        return self._server.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Raises DidNotStart; the server is gone then."""
        deadline = time.monotonic() + START_S
        while not ready():
            if not self.is_alive() or time.monotonic() > deadline:
                self.end(signal.SIGKILL)
                raise DidNotStart(f"{self._output}: {self._last_words()}")
            time.sleep(0.02)

    def send(self, which: signal.Signals) -> None:
        self._server.send_signal(which)

    def end(self, politely: signal.Signals, patience_s: float = 20.0) -> None:
        """Asked first, then killed. The guard goes last, and without doing its work."""
        self.send(politely)
        try:
            self._server.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()

    def _last_words(self) -> str:
        return self._output.read_text(errors="replace")[-1500:]
