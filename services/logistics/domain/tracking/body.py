"""Reading a provider's body: JSON with its traps, and fields of any type without an exception."""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

Document = dict[str, Any]

DEEPEST = 64  # levels of arrays and objects
_LARGEST = 2**31 - 1
# Possessive, and an unclosed string runs to the end: one pass, whatever the bytes are.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Unusable:
    """Authentic, but nothing can be made of it: it is kept in quarantine under `reason`."""

    reason: str
    event_id: str | None = None


def read_body(raw: bytes) -> Document | Unusable:
    """The object a body holds, or why there is none. Total over all byte strings."""
    if not raw.strip():
        return Unusable("empty_body")
    if _is_too_deep(raw):  # before parsing: the parser itself recurses
        return Unusable("too_deep")
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except ValueError:  # also bad UTF-8, and integers of more digits than Python reads
        return Unusable("not_json")
    return document if isinstance(document, dict) else Unusable("not_an_object")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _is_too_deep(raw: bytes) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _STRINGS.sub(b"", raw).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


def word(value: object) -> str | None:
    """A text fit for storage; null, absent, "", false and every other type are None."""
    if not isinstance(value, str):
        return None
    if not value.isascii():
        value = _SURROGATES.sub("\ufffd", value)
    if "\0" in value:
        value = value.replace("\0", "")
    return value.strip() or None


def number_word(value: object) -> str | None:
    """A tracking number or code: some providers send digits as a JSON number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else None
    return word(value)


def whole(value: object) -> int | None:
    """An integer that fits a column of 32 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    return None


def thing(value: object) -> Document:
    """An object; anything else reads as an empty one."""
    return value if isinstance(value, dict) else {}


def things(value: object) -> list[Document]:
    """The objects of a list; what is no object in it is absent."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
