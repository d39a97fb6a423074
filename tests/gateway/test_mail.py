"""One letter to a real SMTP server, and what may be in it."""

import socket
import ssl
from pathlib import Path

import pytest

from gateway.adapters.mail import PostOffice
from gateway.domain.notifications import Letter
from tests.gateway.mailbox import Mailbox
from tests.gateway.shop import certificate

TEXT = "Grüße aus Bremen\n.\nein Punkt allein beendet keinen Brief\n"


def letter(to: str = "anna@example.org", title: str = "Zoll: 12,50 €") -> Letter:
    return Letter("ntf_1", to, title, TEXT, "https://hansa.example/v1/notifications/opt-outs/t")


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and one that trusts it."""
    for file, text in zip(("cert", "key"), certificate("localhost"), strict=True):
        (folder / file).write_bytes(text)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert", folder / "key")
    return server, ssl.create_default_context(cafile=str(folder / "cert"))


def test_a_letter_arrives_whole_with_its_way_out() -> None:
    with Mailbox() as mailbox:
        sent = PostOffice(mailbox.url, "shop@hansa.example").send(letter())

    assert sent.outcome == "sent"
    (got,) = mailbox.letters
    assert mailbox.recipients == ["anna@example.org"]
    assert got["Subject"] == "Zoll: 12,50 €"
    assert got.get_content().replace("\r\n", "\n") == TEXT
    assert got["Message-ID"] == "<ntf_1@hansa.example>"
    assert got["List-Unsubscribe"] == "<https://hansa.example/v1/notifications/opt-outs/t>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("to", "outcome"), [("gone@x.org", "refused"), ("busy@x.org", "later"), ("drop@x.org", "later")]
)
def test_a_refusal_is_told_from_what_may_pass(to: str, outcome: str) -> None:
    with Mailbox() as mailbox:
        sent = PostOffice(mailbox.url, "shop@hansa.example").send(letter(to))

    assert sent.outcome == outcome
    assert sent.reason
    assert mailbox.letters == []


def test_no_server_and_one_that_is_silent_are_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        assert PostOffice(url, "a@b.example", within_s=0.3).send(letter()).outcome == "later"
    assert PostOffice(url, "a@b.example", within_s=0.3).send(letter()).outcome == "later"


def test_a_password_goes_over_tls_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, trusting = contexts(tmp_path)
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: real(
            "127.0.0.1" if host == "mail.example" else host, *rest, **named
        ),
    )
    with Mailbox(tls=server) as safe, Mailbox() as plain:
        trusted = f"smtp://me:p%40ss@localhost:{safe.port}"
        ours = PostOffice(trusted, "a@b.example", trusting).send(letter())
        stranger = PostOffice(trusted, "a@b.example").send(letter())
        exposed = f"smtp://me:p%40ss@mail.example:{plain.port}"
        refused = PostOffice(exposed, "a@b.example", trusting).send(letter())

    assert (ours.outcome, safe.logins) == ("sent", [True])
    assert stranger.outcome == "later"
    assert "TLS" in refused.reason
    assert (plain.logins, plain.letters) == ([], [])
    assert "p%40ss" not in repr(PostOffice(trusted, "a@b.example"))
