"""One attempt: where it may go, and what is made of whatever comes back."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.receiver import Receiver
from gateway.domain.addresses import (
    Network,
    address_refusal,
    is_public,
    networks,
    refusal_of,
)
from gateway.domain.webhooks import ANSWER_KEPT, Answer
from tests.gateway.shop import Shop, certificate

LOOPBACK = networks(["127.0.0.0/8"])


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


def sent(
    url: str,
    allowed: tuple[Network, ...] = LOOPBACK,
    tls: ssl.SSLContext | None = None,
    within_s: float = 5.0,
) -> Answer:
    async def send() -> Answer:
        receiver = Receiver(allowed, tls, within_s)
        try:
            return await receiver.send(url, {"webhook-id": "evt_1"}, b'{"a":1}')
        finally:
            receiver.close()

    return asyncio.run(send())


def named(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    """The name has these addresses, as far as this process is told."""
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host != name:
            return real(host, port, *args, **kwargs)
        return [each for address in addresses for each in real(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def test_a_receiver_that_thanks_has_the_bytes_that_were_given(shop: Shop) -> None:
    answer = sent(f"{shop.url}/ok/a?b=%2F")

    assert (answer.outcome, answer.status, answer.text) == ("delivered", 200, "thanks")
    got = shop.got[0]
    assert (got.path, got.body) == ("/ok/a?b=%2F", b'{"a":1}')
    assert got.headers["webhook-id"] == "evt_1"
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert got.headers["host"] == f"127.0.0.1:{shop.port}"


@pytest.mark.parametrize(
    ("how", "outcome", "status"),
    [
        ("error", "refused", 500),
        ("gone", "refused", 410),
        ("moved", "redirected", 302),
        ("early", "unreadable", None),
        ("nonsense", "unreadable", None),
        ("half", "delivered", 200),
        ("zipped", "delivered", 200),
        ("binary", "delivered", 200),
    ],
)
def test_the_status_decides_and_a_redirect_is_not_followed(
    shop: Shop, how: str, outcome: str, status: int | None
) -> None:
    answer = sent(f"{shop.url}/{how}")

    assert (answer.outcome, answer.status) == (outcome, status)
    assert shop.paths() == [f"/{how}"]
    assert "\x00" not in answer.text


def test_a_receiver_that_is_slow_is_left(shop: Shop) -> None:
    answer = sent(f"{shop.url}/slow", within_s=0.3)

    assert (answer.outcome, answer.status) == ("timed_out", None)
    assert 300 <= answer.took_ms < 3000


@pytest.mark.parametrize("how", ["endless", "drip"])
def test_an_answer_without_end_is_read_for_a_while_only(shop: Shop, how: str) -> None:
    answer = sent(f"{shop.url}/{how}", within_s=1.0)

    assert (answer.outcome, answer.status) == ("delivered", 200)
    assert set(answer.text) == {"x"}
    assert len(answer.text) <= ANSWER_KEPT
    assert shop.poured < 16 << 20  # what two sockets hold


def test_a_packed_answer_is_not_unpacked(shop: Shop) -> None:
    assert "bombbomb" not in sent(f"{shop.url}/zipped").text


def test_what_the_receiver_asks_for_is_kept(shop: Shop) -> None:
    assert sent(f"{shop.url}/busy").retry_after == "120"


def test_nobody_at_the_address_is_told_from_a_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert sent(f"http://127.0.0.1:{port}/").outcome == "unreachable"
    assert sent("http://nobody.invalid/").outcome == "unreachable"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "localhost", "[::ffff:127.0.0.1]"],
)
def test_our_own_network_is_never_called_however_it_is_written(shop: Shop, host: str) -> None:
    answer = sent(f"https://{host}:{shop.port}/ok", allowed=())

    assert answer.outcome == "forbidden"
    assert not shop.got


def test_one_private_address_among_public_ones_forbids_the_name(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(monkeypatch, "mixed.example", "93.184.216.34", "127.0.0.1")

    assert sent(f"https://mixed.example:{shop.port}/ok", allowed=()).outcome == "forbidden"
    assert sent(f"http://mixed.example:{shop.port}/ok").outcome == "forbidden"
    assert not shop.got


def test_the_name_is_asked_once_so_a_second_answer_cannot_lead_elsewhere(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = socket.getaddrinfo, []

    def rebinding(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host == "rebind.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return list(real(host, port, *args, **kwargs))

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    first = sent(f"http://rebind.example:{shop.port}/ok", networks(["127.0.0.1/32"]))
    second = sent(f"http://rebind.example:{shop.port}/ok", networks(["127.0.0.1/32"]))

    assert (first.outcome, second.outcome) == ("delivered", "forbidden")  # judged every time
    assert len(asked) == 2
    assert shop.got[0].headers["host"] == f"rebind.example:{shop.port}"


def test_the_checked_address_is_called_by_the_name_of_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "hooks.example"
    for file, text in zip(("cert", "key"), certificate(name), strict=True):
        (tmp_path / file).write_bytes(text)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    asked: list[str | None] = []
    server.sni_callback = lambda _, given, __: asked.append(given)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert"))
    named(monkeypatch, name, "127.0.0.1")
    named(monkeypatch, "other.example", "127.0.0.1")

    with Shop(tls=server) as shop:
        right = sent(f"https://{name}:{shop.port}/ok", tls=trusting)
        stranger = sent(f"https://{name}:{shop.port}/ok")
        wrong_name = sent(f"https://other.example:{shop.port}/ok", tls=trusting)

    assert (right.outcome, stranger.outcome, wrong_name.outcome) == (
        "delivered", "unreachable", "unreachable",
    )  # fmt: skip
    assert asked[0] == name
    assert [got.headers["host"] for got in shop.got] == [f"{name}:{shop.port}"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("10.1.2.3", False), ("100.64.0.1", False), ("100.128.0.1", True),
        ("169.254.169.254", False), ("172.15.255.255", True), ("172.31.0.1", False),
        ("192.168.0.1", False), ("0.0.0.1", False), ("255.255.255.255", False),
        ("224.0.0.1", False), ("2606:4700::1111", True), ("::", False), ("::1", False),
        ("fe80::1", False), ("fc00::1", False), ("fd12::1", False), ("ff02::1", False),
        ("::ffff:10.0.0.1", False), ("::ffff:8.8.8.8", True), ("2002:7f00:1::", False),
        ("2002:808:808::", True), ("64:ff9b::a00:1", False), ("64:ff9b::808:808", True),
        ("64:ff9b:1::808:808", False), ("2001::1", False), ("2001:db8::1", False),
        ("::7f00:1", False), ("fec0::1", False),
    ],
)  # fmt: skip
def test_an_address_is_judged_by_where_it_leads(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@given(st.ip_addresses(v=4))
def test_every_ipv6_form_of_an_address_is_judged_alike(address: Any) -> None:
    four = int(address)
    mapped, six_to_four = (0xFFFF << 32) | four, (0x2002 << 112) | four << 80
    nat64 = (0x64FF9B << 96) | four

    judged = {is_public(ip_address(form.to_bytes(16))) for form in (mapped, six_to_four, nat64)}

    assert judged == {is_public(address)}


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "https://shop.example:8080/", "https://u:p@shop.example/",
        "https://u@shop.example/", "ftp://shop.example/", "https://127.0.0.1/", "https:///x",
        "https://[::1]/", "https://[fe80::1%25eth0]/", "https://shop.example:99999/",
        "https://[::1/", "//shop.example/",
    ],
)  # fmt: skip
def test_a_url_that_is_no_place_for_a_webhook_is_refused(url: str) -> None:
    assert refusal_of(url, ()) != ""


def test_https_on_its_ports_is_welcome_and_private_leave_is_not_for_public_names() -> None:
    for url in ("https://shop.example/a", "https://shop.example:8443/", "https://8.8.8.8/"):
        assert refusal_of(url, ()) == ""
    public, private = ip_address("8.8.8.8"), ip_address("127.0.0.1")
    assert address_refusal("http", 80, [private], LOOPBACK) == ""
    assert address_refusal("http", 80, [public], LOOPBACK) != ""
    assert address_refusal("https", 443, [public], LOOPBACK) == ""
    assert address_refusal("https", 443, [private], ()) != ""
    assert address_refusal("https", 443, [], LOOPBACK) != ""
    assert address_refusal("https", 443, [public, private], ()) != ""
    assert address_refusal("https", 443, [private, public], LOOPBACK) != ""
