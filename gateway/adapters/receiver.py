"""A merchant's webhook receiver: one POST to a checked address, and no trust in the answer."""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway.domain.addresses import Network, address_refusal
from gateway.domain.webhooks import ANSWER_KEPT, Answer

WITHIN_S = 15.0
READ = 64 << 10  # bytes of an answer
_RESOLVERS = 32  # a name server that is slow on purpose holds a thread of ours, not everybody's


class Forbidden(Exception):
    """The name leads where webhooks must not go."""


class Receiver:
    """Every attempt resolves the name, judges all its addresses, connects to what was judged."""

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        tls: ssl.SSLContext | None = None,
        within_s: float = WITHIN_S,
    ) -> None:
        self._allowed = allowed
        self._tls = tls or ssl.create_default_context()
        self._within_s = within_s
        self._threads = ThreadPoolExecutor(_RESOLVERS, "resolve")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Never raises for what the other side does."""
        began, heard = time.perf_counter(), _Heard()
        failure = await self._tried(url, headers, body, heard)
        took_ms = int((time.perf_counter() - began) * 1000)
        # A status that came in time decides, whatever becomes of the rest of the answer.
        outcome = failure if heard.status is None else _outcome_of(heard.status)
        return Answer(outcome, heard.status, _legible(heard.text), took_ms, heard.retry_after)

    async def _tried(
        self, url: str, headers: Mapping[str, str], body: bytes, heard: "_Heard"
    ) -> str:
        """What went wrong; empty where a whole answer came."""
        try:
            async with asyncio.timeout(self._within_s):
                await self._post(URL(url, encoded=True), headers, body, heard)
        except TimeoutError:
            return "timed_out"
        except (Forbidden, aiohttp.InvalidURL) as error:
            heard.text = str(error).encode()
            return "forbidden"
        except aiohttp.ClientConnectorError as error:
            heard.text = str(error).encode()
            return "unreachable"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            heard.text = heard.text or str(error).encode()
            return "unreadable"
        return ""

    async def _post(
        self, url: URL, headers: Mapping[str, str], body: bytes, heard: "_Heard"
    ) -> None:
        resolver = _Judging(url.scheme, self._allowed, self._threads)
        resolver.judge_literal(url)
        connector = aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, force_close=True, ssl=self._tls
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "Hansa-Webhooks/1", "Accept-Encoding": "identity"},
            ) as session,
            session.post(
                url,
                data=body,
                headers={**headers, "Content-Type": "application/cloudevents+json"},
                allow_redirects=False,
            ) as answer,
        ):
            heard.status = answer.status
            heard.retry_after = answer.headers.get("Retry-After", "")
            async for piece in answer.content.iter_any():
                heard.text += piece[: READ - len(heard.text)]
                if len(heard.text) >= READ:
                    answer.close()
                    return


class _Heard:
    """What has come so far."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.retry_after = ""
        self.text = b""


class _Judging(AbstractResolver):
    """Gives the connector checked addresses; name and certificate stay those of the URL."""

    def __init__(
        self, scheme: str, allowed: Sequence[Network], threads: ThreadPoolExecutor
    ) -> None:
        self._scheme = scheme
        self._allowed = allowed
        self._threads = threads

    def judge_literal(self, url: URL) -> None:
        """An address in the URL is connected to without being resolved."""
        try:
            ip_address(url.host or "")
        except ValueError:
            return
        self._judge(url.port or 0, [url.host or ""])

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        addresses = {str(each[4][0]): each[0] for each in found}
        self._judge(port, list(addresses))
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=each, proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address, each in addresses.items()
            if family in (socket.AF_UNSPEC, each)
        ]  # fmt: skip

    def _judge(self, port: int, addresses: list[str]) -> None:
        judged = [ip_address(address) for address in addresses]
        if refusal := address_refusal(self._scheme, port, judged, self._allowed):
            raise Forbidden(refusal)

    async def close(self) -> None:
        """The threads are the receiver's."""


def _outcome_of(status: int) -> str:
    if 200 <= status < 300:
        return "delivered"
    return "redirected" if 300 <= status < 400 else "refused"


def _legible(text: bytes) -> str:
    return text[:ANSWER_KEPT].decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
