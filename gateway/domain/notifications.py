"""What a notification says, in whose language, to whom."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import Template
from typing import Any

WEBHOOK_DISABLED = "gateway.webhook-disabled.v1"
ANY = "*"
TITLE_LENGTH = 200
# After the first attempt, which is made at once; then it has failed.
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Wording:
    """`$name` stands for a field of the event, `$merchant` for the merchant's title."""

    title: str
    text: str


@dataclass(frozen=True)
class Letter:
    """An e-mail to send. `number` makes its Message-ID: the same on every attempt."""

    number: str
    to: str
    title: str
    text: str
    unsubscribe: str


OWN: Mapping[
    tuple[str, str], Wording
] = {  # event, language: to the merchant, unless it has its own
    (WEBHOOK_DISABLED, "en"): Wording(
        "A webhook endpoint was disabled",
        "Your webhook endpoint $endpoint_id ($url) was disabled: $reason.\n\n"
        "What it missed is kept for 30 days and sent once you enable it again.\n",
    ),
    (WEBHOOK_DISABLED, "de"): Wording(
        "Ein Webhook-Endpunkt wurde abgeschaltet",
        "Ihr Webhook-Endpunkt $endpoint_id ($url) wurde abgeschaltet: $reason.\n\n"
        "Was er versäumt hat, wird 30 Tage aufgehoben und nachgesandt, sobald Sie ihn wieder "
        "einschalten.\n",
    ),
}


def unknown_words(wording: Wording, known: Sequence[str]) -> list[str]:
    """Placeholders that no field fills. Raises ValueError for a `$` that begins none."""
    found: set[str] = set()
    for text in (wording.title, wording.text):
        template = Template(text)
        if not template.is_valid():
            raise ValueError("a `$` begins a field's name, such as $order_id; write $$ for itself")
        found.update(template.get_identifiers())
    return sorted(found - set(known))


def worded(wording: Wording, fields: Mapping[str, Any]) -> Wording:
    """What an event does not carry is left blank. The title is one line, whatever came."""
    words = {name: _word(value) for name, value in fields.items()}
    blank = {
        name: ""
        for text in (wording.title, wording.text)
        for name in Template(text).get_identifiers()
    }
    title = Template(wording.title).substitute(blank | words)
    return Wording(
        _CONTROLS.sub(" ", title).strip()[:TITLE_LENGTH],
        Template(wording.text).substitute(blank | words),
    )


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        return ", ".join(f"{name}: {_word(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_word, value))
    return str(value)


def best_language(wanted: str, spoken: Sequence[str], available: Sequence[str]) -> str:
    """The reader's own; that without its country; the merchant's; English; else any."""
    for language in (wanted, wanted.partition("-")[0], *spoken, "en"):
        if language in available:
            return language
    return min(available)


def next_letter(made: int, at: datetime) -> datetime | None:
    """When a letter that did not go `made` times is tried again; None: never."""
    return None if made > len(_WAITS) else at + _WAITS[made - 1]


def opt_out_token(tenant: str, audience: str, subject: str, pepper: bytes) -> str:
    """Says who is meant, and that we wrote it."""
    who = json.dumps([tenant, audience, subject]).encode()
    return _text(who) + "." + _text(_mark(who, pepper))


def meant_by(token: str, pepper: bytes) -> tuple[str, str, str] | None:
    """Tenant, audience, subject; None for a token that is not ours."""
    who, _, mark = token.partition(".")
    try:
        said, shown = _octets(who), _octets(mark)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(shown, _mark(said, pepper)):
        return None
    tenant, audience, subject = json.loads(said)
    return tenant, audience, subject


def _mark(who: bytes, pepper: bytes) -> bytes:
    return hmac.digest(pepper, b"opt-out" + who, "sha256")


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _octets(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
