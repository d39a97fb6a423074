"""The proxy between two real servers, each promise once."""

import gzip
import json
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from chassis.middleware import Outermost
from gateway.proxy import Proxy
from onebox.local.ports import free_ports
from tests.gateway.upstream import MIB, PATIENCE_S, Upstream, serving


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def door(upstream: Upstream) -> Iterator[str]:
    """The proxy's own address."""
    with serving(upstream) as url, serving(Proxy(url)) as door:
        yield door


@pytest.fixture
def client(door: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=door, timeout=PATIENCE_S) as client:
        yield client


def spoken(door: str, request: bytes) -> bytes:
    """The whole answer to bytes of the test's own."""
    with socket.create_connection(("127.0.0.1", httpx.URL(door).port or 0), PATIENCE_S) as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_path_query_and_headers_pass_byte_for_byte(door: str, upstream: Upstream) -> None:
    target = b"/echo/a%2Fb/../c//d;x=%C3%A9/%7e?q=%20+&&z=%2f&u=http://e/#"
    given = [(b"host", b"shop.example"), (b"x-many", b"1"), (b"x-many", b"2")]
    given += [(b"x-utf8", "zoll \N{EURO SIGN}".encode()), (b"cookie", b"a=1; b=2")]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in given)

    spoken(door, b"GET " + target + b" HTTP/1.1\r\n" + lines + b"connection: close\r\n\r\n")

    scope = upstream.scopes[0]
    assert scope["raw_path"] + b"?" + scope["query_string"] == target.removesuffix(b"#")
    forwarded = [(b"x-forwarded-host", b"shop.example"), (b"x-forwarded-proto", b"http")]
    assert scope["headers"] == [*given, *forwarded, (b"x-forwarded-for", b"127.0.0.1")]


def test_the_answer_passes_byte_for_byte_and_is_not_followed(door: str) -> None:
    answer = spoken(door, b"GET /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")

    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")]
    assert lines[0].startswith(b"http/1.1 302")
    expected = [b"set-cookie: a=1", b"set-cookie: b=2", b"x-latin: \xe9"]
    assert [line for line in lines if line.startswith((b"set-cookie", b"x-latin"))] == expected
    assert gzip.decompress(body) == b"as it was"
    assert sum(line.startswith(b"date:") for line in lines) == 1


def test_what_speaks_of_one_connection_or_is_a_mere_claim_ends_here(
    client: httpx.Client, upstream: Upstream
) -> None:
    claims = {
        "connection": "close, X-Private",
        "x-private": "1",
        "te": "trailers",
        "proxy-authorization": "secret",
        "forwarded": "for=6.6.6.6",
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
    }

    answer = client.get("/echo", headers=claims)

    arrived = upstream.scopes[0]["headers"]
    assert not {name for name, _ in arrived} & {b"x-private", b"te", b"proxy-authorization"}
    assert not any(b"6.6.6.6" in value or b"evil" in value for _, value in arrived)
    assert (b"x-forwarded-proto", b"https") not in arrived
    assert not {"x-hop", "keep-alive"} & set(answer.headers)


@pytest.mark.parametrize(
    "request_line", [b"GET /echo HTTP/1.1\r\nx: \xe9\xff", b"OPTIONS * HTTP/1.1"]
)
def test_what_cannot_be_passed_on_is_refused(door: str, request_line: bytes) -> None:
    answer = spoken(door, request_line + b"\r\nhost: h\r\nconnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")


def test_an_event_arrives_before_the_next_is_made(client: httpx.Client, upstream: Upstream) -> None:
    with client.stream("GET", "/events") as answer:
        arriving = answer.iter_raw()
        assert next(arriving) == b"data: 1\n\n"
        upstream.go_on.set()
        assert b"".join(arriving) == b"data: 2\n\n"


def test_a_body_arrives_piece_by_piece(client: httpx.Client, upstream: Upstream) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"first"
        assert upstream.got_first.wait(PATIENCE_S), "held back until the body was whole"
        yield b"second"

    assert client.post("/count", content=pieces()).text == "11"


@pytest.mark.parametrize("declared", [True, False])
def test_fifty_megabytes_pass_in_constant_memory(client: httpx.Client, declared: bool) -> None:
    headers = {"content-length": str(50 * MIB)} if declared else {}
    client.post("/count")
    tracemalloc.start()
    try:
        answer = client.put("/count", content=(bytes(MIB) for _ in range(50)), headers=headers)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.text == str(50 * MIB)
    assert peak < 8 * MIB  # client, proxy and upstream together


def test_a_client_that_does_not_read_stops_the_upstream(
    client: httpx.Client, upstream: Upstream
) -> None:
    with client.stream("GET", "/pour") as answer:
        assert upstream.stalled.wait(PATIENCE_S)
        assert upstream.sent < 25 * MIB  # what the sockets of two connections hold
        assert sum(len(piece) for piece in answer.iter_raw()) == 50 * MIB


def test_an_answer_without_a_body_stays_one(client: httpx.Client) -> None:
    answer = client.head("/count")

    assert (answer.status_code, answer.headers["content-length"]) == (200, "1")
    assert client.get("/count").status_code == 200


def test_an_answer_may_come_before_the_body_has_ended(client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), PATIENCE_S) as line:
        line.sendall(b"POST /refuse HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhalf")

        assert line.makefile("rb").read(12) == b"HTTP/1.1 200"

    assert client.get("/count").status_code == 200


def test_requests_share_a_connection(client: httpx.Client, upstream: Upstream) -> None:
    for _ in range(5):
        client.post("/count", content=b"x")

    assert len({scope["client"] for scope in upstream.scopes}) == 1


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:hansa:problem:{code}"


def test_an_upstream_that_is_down_is_503() -> None:
    with serving(Proxy(f"http://127.0.0.1:{free_ports(1)[0]}")) as door:
        answer = httpx.post(f"{door}/count", content=b"x")

    assert_problem(answer, 503, "upstream-down")
    assert answer.headers["retry-after"] == "1"


def test_an_upstream_that_does_not_answer_in_time_is_504(upstream: Upstream) -> None:
    with serving(upstream) as url, serving(Proxy(url, timeout_s=0.2)) as door:
        answer = httpx.post(f"{door}/silent", content=b"x")

        assert_problem(answer, 504, "upstream-timeout")
        assert upstream.was_left.wait(PATIENCE_S)


def test_only_the_wait_for_the_upstream_is_timed(upstream: Upstream) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"first"
        threading.Event().wait(0.7)  # a slow client
        yield b"second"

    with serving(upstream) as url, serving(Proxy(url, timeout_s=0.3)) as door:
        assert httpx.post(f"{door}/count", content=pieces()).text == "11"
        with httpx.stream("GET", f"{door}/events") as answer:
            threading.Timer(0.7, upstream.go_on.set).start()  # a stream with nothing to say
            assert answer.read().endswith(b"data: 2\n\n")


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /silent HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET /events HTTP/1.1\r\nhost: h\r\n\r\n",
        b"POST /silent HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhalf",
    ],
    ids=["waiting", "streaming", "uploading"],
)
def test_a_client_that_leaves_ends_the_upstream(
    door: str, upstream: Upstream, client: httpx.Client, begun: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(door).port or 0)) as line:
        line.sendall(begun)
        if b"events" in begun:
            assert line.recv(1000).startswith(b"HTTP/1.1 200")
        else:
            assert upstream.got_first.wait(PATIENCE_S)

    assert upstream.was_left.wait(PATIENCE_S)
    upstream.go_on.set()
    assert client.get("/count").status_code == 200


def test_an_answer_that_breaks_off_is_not_taken_for_whole(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/break_off")


def test_a_body_that_grows_too_large_is_refused_by_the_door(upstream: Upstream) -> None:
    with serving(upstream) as url, serving(Outermost(Proxy(url), "gateway")) as door:
        answer = httpx.post(f"{door}/count", content=(bytes(MIB // 4) for _ in range(5)))

    assert_problem(answer, 413, "too-large")


@contextmanager
def hanging_up(answers: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says one of these per connection, the last for ever, then hangs up."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                heard.append(line.recv(65_536))
                line.sendall(answers[min(len(heard), len(answers)) - 1])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)


FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


def whole() -> Any:
    return b"body"


def in_pieces() -> Any:
    """Too much for the door's server to take in one piece."""
    return iter([b"x" * (1 << 19), b"y" * (1 << 19)])


@pytest.mark.parametrize(
    ("method", "content", "answers", "tries", "status"),
    [
        ("GET", None, [b"", FINE], 2, 200),
        ("PUT", whole, [b"", FINE], 2, 200),
        ("DELETE", None, [b"", FINE], 2, 200),
        ("GET", None, [b""], 2, 503),
        ("POST", whole, [b"", FINE], 1, 503),
        ("PATCH", whole, [b"", FINE], 1, 503),
        ("PUT", in_pieces, [b"", FINE], 1, 503),
        ("GET", None, [b"HTTP/1.1 200 OK\r\ncontent-len", FINE], 1, 503),
    ],
)
def test_a_second_try_is_only_for_what_is_safe_to_repeat(
    method: str,
    content: Callable[[], Any] | None,
    answers: list[bytes],
    tries: int,
    status: int,
) -> None:
    with hanging_up(answers) as (url, heard), serving(Proxy(url)) as door:
        answer = httpx.request(method, f"{door}/x", content=content and content())

        assert (answer.status_code, len(heard)) == (status, tries)
    if status == 503:
        assert_problem(answer, 503, "upstream-lost")
        assert json.loads(answer.content)["detail"].endswith("it may have done what was asked")
