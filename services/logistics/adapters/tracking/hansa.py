"""Hansa's own format: CloudEvents in JSON, signed by Standard Webhooks, in the canonical words."""

import json
from collections.abc import Sequence
from datetime import datetime

from services.logistics.adapters.tracking import standard_webhooks
from services.logistics.adapters.tracking.seam import Headers, header
from services.logistics.domain.tracking.body import (
    Document,
    Unusable,
    number_word,
    thing,
    things,
    whole,
    word,
)
from services.logistics.domain.tracking.item import Estimate, Item, Parsed, Withdrawal, reported
from services.logistics.domain.tracking.scan import Entry, Place
from services.logistics.domain.tracking.status import NATIVE, reason_word
from services.logistics.domain.tracking.time import Moment, read_time

SCANS = "hansa.tracking.scans.v1"
SCAN_RETRACTED = "hansa.tracking.scan-retracted.v1"


def is_usable_secret(secret: str) -> bool:
    """`whsec_`, which may be left out, and the base64 of at least one byte."""
    return standard_webhooks.key_of(secret) is not None


def verify(raw: bytes, headers: Headers, secrets: Sequence[str], now: float) -> bool:
    """The time is signed: five minutes either way, so a replay is refused."""
    return standard_webhooks.verify(raw, headers, secrets, now)


def sign(raw: bytes, event_id: str, secret: str, now: float) -> dict[str, str]:
    """The headers a provider of this format sends; `event_id` is the body's `id`."""
    return standard_webhooks.sign(raw, event_id, [secret], now)


def sample(event_id: str, at: datetime) -> bytes:
    """One parcel picked up, now."""
    written = at.isoformat(timespec="seconds")
    scan = {"scan_id": event_id, "status": "picked_up", "occurred_at": written}
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "/sample",
            "type": SCANS,
            "time": written,
            "datacontenttype": "application/json",
            "data": {"tracking_number": "SAMPLE", "scans": [scan]},
        }
    ).encode()


def signed_id(headers: Headers) -> str | None:
    """`webhook-id` is the event's `id`."""
    return header(headers, "webhook-id") or None


def parse(document: Document) -> Parsed:
    """Scans, or one scan taken back."""
    event_id, name = word(document.get("id")), word(document.get("type"))
    if name not in (SCANS, SCAN_RETRACTED):
        return Unusable("unknown_event_type", event_id)
    said = thing(document.get("data"))
    number = number_word(said.get("tracking_number"))
    if number is None:
        return Unusable("no_tracking_number", event_id)
    part = _scans(number, said) if name == SCANS else _retraction(number, said)
    return reported(NATIVE, event_id, [part])


def _scans(number: str, said: Document) -> Item:
    entries = [_entry(scan) for scan in things(said.get("scans"))]
    return Item(
        number=number,
        carrier=word(said.get("carrier")),
        entries=tuple(entry for entry in entries if not entry.says_nothing()),
        estimate=_estimate(thing(said.get("eta"))),
    )


def _retraction(number: str, said: Document) -> Item | Unusable:
    scan_id = word(said.get("scan_id"))
    if scan_id is None:
        return Unusable("processing_error")  # it takes back a scan and does not say which
    return Item(
        number=number,
        carrier=word(said.get("carrier")),
        withdrawals=(Withdrawal(scan_id, word(said.get("reason"))),),
    )


def _entry(scan: Document) -> Entry:
    place = thing(scan.get("location"))
    return Entry(
        code=word(scan.get("status")),
        sub_code=word(scan.get("code")),
        reason=reason_word(word(scan.get("reason"))),
        at=_moment(scan),
        order=whole(scan.get("order")),
        place=Place(
            city=word(place.get("city")),
            region=word(place.get("region")),
            postal_code=word(place.get("postal_code")),
            country=word(place.get("country")),
        ),
        text=word(scan.get("text")),
        scan_id=word(scan.get("scan_id")),
    )


def _moment(scan: Document) -> Moment:
    occurred = read_time(word(scan.get("occurred_at")))
    if occurred.local is not None:
        return occurred
    apart = read_time(word(scan.get("local_time")), word(scan.get("utc_offset")))
    return occurred if apart.raw is None else apart


def _estimate(eta: Document) -> Estimate | None:
    """One end alone stands for both."""
    earliest = read_time(word(eta.get("from"))).local
    latest = read_time(word(eta.get("to"))).local
    if earliest is None and latest is None:
        return None
    return Estimate(earliest or latest or "", latest or earliest or "")
