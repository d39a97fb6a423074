"""A way to the platform that can lose answers and also hands out a folder's files: one origin."""

import mimetypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

_HOP = {"connection", "transfer-encoding", "content-length", "host", "keep-alive"}


@dataclass
class Seen:
    method: str
    path: str
    key: str
    body: bytes
    status: int = 0
    replayed: bool = False


@dataclass
class Passage:
    """Each fault takes the next passing request: it is passed on or not, and its answer changed."""

    platform: str
    folder: Path | None = None
    faults: list[Callable[["Handler", Seen], bool]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    def to(self, path: str) -> list[Seen]:
        return [each for each in self.seen if each.path.partition("?")[0] == path]


def loses_the_answer(handler: "Handler", seen: Seen) -> bool:
    """It is done, and nobody hears of it."""
    handler.pass_on(seen)
    handler.close_connection = True
    return True


def answers(status: int, **headers: str) -> Callable[["Handler", Seen], bool]:
    """Nothing is done: the door itself speaks, in words that are no problem+json."""

    def fault(handler: "Handler", _: Seen) -> bool:
        handler.answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, b"busy")
        return True

    return fault


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    passage: Passage
    http: httpx.Client

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith("/v1"):
            return self._file()
        seen = Seen(self.command, self.path, self.headers.get("Idempotency-Key", ""), body)
        self.passage.seen.append(seen)
        if self.passage.faults and self.passage.faults.pop(0)(self, seen):
            return None
        answer = self.pass_on(seen)
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
        return self.answer(answer.status_code, headers, answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def pass_on(self, seen: Seen) -> httpx.Response:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        headers["Accept-Encoding"] = "identity"
        answer = self.http.request(seen.method, seen.path, headers=headers, content=seen.body)
        seen.status = answer.status_code
        seen.replayed = "idempotent-replayed" in answer.headers
        return answer

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self) -> None:
        folder = self.passage.folder
        path = folder and folder / (self.path.partition("?")[0].lstrip("/") or "index.html")
        if not path or not path.is_file():
            return self.answer(404, {}, b"")
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return self.answer(200, {"Content-Type": media}, path.read_bytes())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def passage_to(platform: str, folder: Path | None = None) -> Iterator[Passage]:
    passage = Passage(platform, folder)
    with httpx.Client(base_url=platform, timeout=60) as http:
        handler = type("Bound", (Handler,), {"passage": passage, "http": http})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        passage.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield passage
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
