"""A real server in a thread, and an upstream that keeps what it saw."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATIENCE_S = 10
MIB = 1 << 20


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """On a socket that already listens: no request comes too early."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            server_header=False,
            proxy_headers=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


class Upstream:
    """What it saw, and signs between its loop and the test's thread."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.received = 0
        self.got_first = threading.Event()
        self.go_on = threading.Event()
        self.was_left = threading.Event()
        self.stalled = threading.Event()
        self.sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.scopes.append(scope)
            await getattr(self, scope["path"].split("/")[1])(receive, send)

    async def echo(self, receive: Receive, send: Send) -> None:
        """Everything about the answer that a proxy might spoil."""
        await self._read(receive)
        body = gzip.compress(b"as it was")
        headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-encoding", b"gzip"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
            (b"x-latin", b"\xe9"),
            (b"location", b"/echo/elsewhere"),
            (b"connection", b"x-hop"),
            (b"x-hop", b"1"),
            (b"keep-alive", b"timeout=9"),
        ]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def count(self, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await self._say(send, str(self.received).encode())

    async def events(self, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        leaving = asyncio.create_task(self._until_left(receive))
        going_on = asyncio.create_task(asyncio.to_thread(self.go_on.wait, PATIENCE_S))
        await asyncio.wait({leaving, going_on}, return_when=asyncio.FIRST_COMPLETED)
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    async def silent(self, receive: Receive, _send: Send) -> None:
        await self._until_left(receive)

    async def pour(self, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            message = {"type": "http.response.body", "body": bytes(MIB), "more_body": True}
            sending = asyncio.ensure_future(send(message))
            await asyncio.wait({sending}, timeout=0.5)
            if not sending.done():
                self.stalled.set()
            await sending
            self.sent += MIB
        await send({"type": "http.response.body", "body": b""})

    async def refuse(self, _receive: Receive, send: Send) -> None:
        """Without reading the body."""
        await self._say(send, b"no")

    async def break_off(self, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ConnectionError("meant")

    async def _say(self, send: Send, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _until_left(self, receive: Receive) -> None:
        while not self.was_left.is_set():
            await self._read(receive)

    async def _read(self, receive: Receive) -> None:
        message: Message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            self.received += len(message.get("body", b""))
            self.got_first.set()
            if message["type"] == "http.disconnect":
                self.was_left.set()
                return
