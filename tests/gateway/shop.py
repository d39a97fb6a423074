"""A merchant's webhook receiver that behaves badly on purpose, on a real socket."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nthanks"
_BOMB = gzip.compress(b"bomb" * 100_000)
ANSWERS = {
    "ok": _OK,
    "error": b"HTTP/1.1 500 Oh\r\ncontent-length: 5\r\n\r\nsorry",
    "gone": b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
    "busy": b"HTTP/1.1 429 Slow\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n",
    "moved": b"HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n",
    "early": b"",
    "half": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
    "zipped": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n" + _BOMB,
    "nonsense": b"220 mail.example ESMTP\r\n",
    "binary": b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\x00\xff\xfe!",
}


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Shop:
    """Answers by the path's first segment; `swap` changes what a segment does."""

    tls: ssl.SSLContext | None = None
    got: list[Got] = field(default_factory=list)
    sni: list[str | None] = field(default_factory=list)
    swap: dict[str, str] = field(default_factory=dict)
    poured: int = 0
    go_on: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.go_on.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [got.path for got in self.got]

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            line.settimeout(10)
            if self.tls is not None:
                line = self.tls.wrap_socket(line, server_side=True)
            with line:
                got = _read(line)
                self.got.append(got)
                name = got.path.split("/")[1]
                self._answer(line, self.swap.get(name, name))
        except OSError:
            return

    def _answer(self, line: socket.socket, name: str) -> None:
        if name == "slow":
            self.go_on.wait(10)
            line.sendall(_OK)
        elif name == "endless":
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not self.go_on.is_set():
                self.poured += line.send(b"x" * 65_536)
        elif name == "drip":
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not self.go_on.wait(0.05):
                line.sendall(b"x")
        else:
            line.sendall(ANSWERS[name])


def _read(line: socket.socket) -> Got:
    arrived = b""
    while b"\r\n\r\n" not in arrived:
        arrived += _some(line)
    head, _, body = arrived.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    while len(body) < int(headers.get("content-length", 0)):
        body += _some(line)
    return Got(first.split()[1], headers, body)


def _some(line: socket.socket) -> bytes:
    piece = line.recv(65_536)
    if not piece:
        raise ConnectionError
    return piece


def until(found: Callable[[], bool], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def certificate(name: str) -> tuple[bytes, bytes]:
    """Certificate and key in PEM, of an authority of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private
