"""The canonical vocabulary and how providers' words map to it.

`status_map.json` is data with a version: scans keep the raw code, so a new map re-folds the past.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

_FILE = Path(__file__).with_name("status_map.json").read_bytes()
_MAP: dict[str, Any] = json.loads(_FILE)
MAP_VERSION = hashlib.sha256(_FILE).hexdigest()[:12]

NATIVE = "hansa"  # its codes are the canonical words themselves, its reasons are its own
UNKNOWN = "unknown"
PHASES: dict[str, int | None] = {word: row["phase"] for word, row in _MAP["canonical"].items()}
REASONS: frozenset[str] = frozenset(_MAP["reasons"])
_RANKED = (
    ("customs_hold", "customs_cleared", "in_transit", "delayed", "on_hold"),
    ("out_for_delivery", "attempt_failed", "available_for_pickup"),
    ("lost", "delivered"),
)  # within one phase, from the least to the most advanced
_RANKS = {word: rank for phase in _RANKED for rank, word in enumerate(phase)}


class Meaning(NamedTuple):
    """What a provider's code says."""

    status: str
    reason: str | None


_MEANS_NOTHING_KNOWN = Meaning(UNKNOWN, None)


def _words(rows: dict[str, dict[str, str | None]]) -> dict[str, Meaning]:
    return {
        code.casefold(): Meaning(row["canonical"] or UNKNOWN, row["reason"])
        for code, row in rows.items()
    }


_MAIN = {name: _words(table["map"]) for name, table in _MAP["providers"].items()}
_MAIN[NATIVE] = {word: Meaning(word, None) for word in PHASES}
_SUB = {name: _words(table["sub"]) for name, table in _MAP["providers"].items()}


def meaning(provider: str, code: str | None, sub_code: str | None = None) -> Meaning:
    """Total, without regard to case; a sub-code the map does not name falls back to the code."""
    sub = _SUB.get(provider, {}).get(sub_code.casefold()) if sub_code else None
    if sub is not None:
        return sub
    main = _MAIN.get(provider, {}).get(code.casefold()) if code else None
    return main or _MEANS_NOTHING_KNOWN


def phase_of(status: str) -> int | None:
    """None for damaged, expired, unknown: they say nothing of where the parcel is."""
    return PHASES.get(status)


def advancement(status: str) -> tuple[int, int]:
    """(phase, rank within it), comparable; a status without phase comes before all others."""
    phase = PHASES.get(status)
    return (-1 if phase is None else phase, _RANKS.get(status, 0))


def reason_word(text: str | None) -> str | None:
    """A provider's own reason, if it is one of our words; another one is unspecified, not lost."""
    if text is None:
        return None
    word = text.casefold()
    return word if word in REASONS else "unspecified"
