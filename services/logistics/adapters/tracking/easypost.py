"""EasyPost's tracker events: the whole history in every push, local clocks marked Z.

Not exercised against the live provider; the signature is checked by the vendor's own vector.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from services.logistics.adapters.tracking.seam import Headers, header, octets
from services.logistics.domain.tracking.body import (
    Document,
    Unusable,
    number_word,
    thing,
    things,
    word,
)
from services.logistics.domain.tracking.item import (
    Estimate,
    Item,
    OtherEvent,
    Parsed,
    Summary,
    reported,
)
from services.logistics.domain.tracking.scan import Entry, Place
from services.logistics.domain.tracking.time import read_time

_NAME = "easypost"
_PREFIX = "hmac-sha256-hex="
_TRACKER_EVENTS = frozenset({"tracker.created", "tracker.updated"})


def is_usable_secret(secret: str) -> bool:
    """Any text that is not blank."""
    return bool(secret.strip())


def verify(raw: bytes, headers: Headers, secrets: Sequence[str], now: float) -> bool:  # noqa: ARG001 - the provider signs no time
    """The hex digest has no case."""
    given = header(headers, "x-hmac-signature")
    if not given.startswith(_PREFIX):
        return False
    digest = octets(given.removeprefix(_PREFIX).lower())
    usable = filter(is_usable_secret, secrets)
    return any(hmac.compare_digest(digest, _digest(raw, secret)) for secret in usable)


def sign(raw: bytes, event_id: str, secret: str, now: float) -> dict[str, str]:  # noqa: ARG001 - neither id nor time is signed
    """The header EasyPost sends."""
    if not is_usable_secret(secret):
        raise ValueError("an empty secret signs for everybody")
    return {"X-Hmac-Signature": _PREFIX + _digest(raw, secret).decode()}


def sample(event_id: str, at: datetime) -> bytes:
    """One parcel on its way, now."""
    detail = {"object": "TrackingDetail", "status": "in_transit", "datetime": f"{at:%FT%TZ}"}
    return json.dumps(
        {
            "id": event_id,
            "object": "Event",
            "description": "tracker.updated",
            "result": {
                "object": "Tracker",
                "tracking_code": "SAMPLE",
                "status": "in_transit",
                "tracking_details": [detail],
            },
        }
    ).encode()


def _digest(raw: bytes, secret: str) -> bytes:
    key = octets(unicodedata.normalize("NFKD", secret))
    return hmac.digest(key, raw, hashlib.sha256).hex().encode()


def signed_id(headers: Headers) -> str | None:  # noqa: ARG001 - no header carries it
    """EasyPost signs the body alone."""
    return None


def parse(document: Document) -> Parsed:
    """The history is always whole, so nothing depends on an earlier push."""
    event_id, name = word(document.get("id")), word(document.get("description"))
    tracker = thing(document.get("result"))
    number = number_word(tracker.get("tracking_code"))
    if name is None:
        return Unusable("unknown_event_type", event_id)
    if name not in _TRACKER_EVENTS:
        return OtherEvent(event_id, name, number, _estimate(tracker))
    part = _item(number, tracker) if number else Unusable("no_tracking_number")
    return reported(_NAME, event_id, [part])


def _item(number: str, tracker: Document) -> Item:
    summary = word(tracker.get("status"))
    entries = [_entry(detail) for detail in things(tracker.get("tracking_details"))]
    return Item(
        number=number,
        carrier=word(tracker.get("carrier")),
        reference=word(tracker.get("id")),
        entries=tuple(entry for entry in entries if not entry.says_nothing()),
        summary=Summary(summary) if summary else None,
        estimate=_estimate(tracker),
    )


def _entry(detail: Document) -> Entry:
    place = thing(detail.get("tracking_location"))
    return Entry(
        code=word(detail.get("status")),
        sub_code=word(detail.get("carrier_code")),
        at=read_time(word(detail.get("datetime")), z_is_local=True),
        place=Place(
            city=word(place.get("city")),
            region=word(place.get("state")),
            postal_code=word(place.get("zip")),
            country=word(place.get("country")),
        ),
        text=word(detail.get("message")) or word(detail.get("description")),
    )


def _estimate(tracker: Document) -> Estimate | None:
    local = read_time(word(tracker.get("est_delivery_date")), z_is_local=True).local
    return Estimate(local, local) if local else None
