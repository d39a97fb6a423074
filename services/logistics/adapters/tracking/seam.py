"""The seam every provider's webhook format has, and how a delivery is read through it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.logistics.domain.tracking.body import Document, Unusable, read_body
from services.logistics.domain.tracking.item import Parsed

Headers = Mapping[str, str]


class Adapter(Protocol):
    """One provider. Every function is pure and total: no header and no document makes it raise."""

    def is_usable_secret(self, secret: str) -> bool:
        """Whether this may be stored as a secret; an empty one would sign for everybody."""
        ...

    def verify(self, raw: bytes, headers: Headers, secrets: Sequence[str], now: float) -> bool:
        """Over the bytes received, by any of the live secrets; `now` is in unix seconds."""
        ...

    def sign(self, raw: bytes, event_id: str, secret: str, now: float) -> dict[str, str]:
        """The headers this provider would send. Raises ValueError for an unusable secret."""
        ...

    def sample(self, event_id: str, at: datetime) -> bytes:
        """A body as this provider would write it, with one scan of a parcel that is nobody's."""
        ...

    def signed_id(self, headers: Headers) -> str | None:
        """The event's id where the provider signs it in a header."""
        ...

    def parse(self, document: Document) -> Parsed:
        """What the document says: items, a known event that is no scan, or why it is unusable."""
        ...


def read_delivery(adapter: Adapter, raw: bytes, headers: Headers) -> Parsed:
    """What a stored, authentic delivery says."""
    document = read_body(raw)
    if isinstance(document, Unusable):
        return document
    parsed = adapter.parse(document)
    signed = adapter.signed_id(headers)
    if signed is not None and signed != parsed.event_id:
        return Unusable("id_mismatch", parsed.event_id)
    return parsed


def header(headers: Headers, name: str) -> str:
    """The value of a header, whose name has no case; empty if it is absent or no text."""
    for key, value in headers.items():
        if isinstance(key, str) and key.lower() == name:
            return value.strip() if isinstance(value, str) else ""
    return ""


def octets(text: str) -> bytes:
    """A header's text as bytes to compare in constant time; never equal to a digest by accident."""
    return text.encode("utf-8", "replace")
