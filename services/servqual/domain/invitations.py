"""Whom the platform asks, and when. Neither merchant nor provider can choose.

The draw is by a keyed hash of the shipment, so that it repeats and nobody outside can foresee it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.servqual.domain.instrument.forms import ROTATIONS, FormName

AIM = 30  # responses per provider and quarter
QUARTER = timedelta(days=91)
LATEST = timedelta(hours=72)  # after it has ended; the soonest is a third of it
REMINDER = timedelta(days=5)
OPEN_FOR = timedelta(days=21)
APART = timedelta(days=7)  # between two invitations of one person
PAIRED_IN = 10
ASKED = frozenset({"delivered", "returned", "lost"})  # how a shipment ends that is asked about
_PRIOR_SENT, _PRIOR_ANSWERED = 10, 2


@dataclass(frozen=True)
class Drawn:
    """When it goes out, which form, which turn of the short one."""

    send_at: datetime
    form: FormName
    rotation: int


def fraction(key: bytes, purpose: str, word: str) -> float:
    """[0, 1), the same for the same words, and unforeseeable without the key."""
    digest = hmac.digest(key, f"{purpose}\0{word}".encode(), "sha256")
    return int.from_bytes(digest[:7]) / float(1 << 56)


def rate(concluded: int, sent: int, answered: int) -> float:
    """Share of a provider's shipments to ask about; counts of its last quarter, itself included.

    The share that answers is smoothed by ten invitations of which two were answered.
    """
    answering = (answered + _PRIOR_ANSWERED) / (sent + _PRIOR_SENT)
    return min(1.0, AIM / (max(concluded, 1) * answering))


def draw(
    key: bytes, shipment_id: str, share: float, ended_at: datetime, latest: timedelta = LATEST
) -> Drawn | None:
    """None: this shipment is not asked about. It waits a third of `latest` at least."""
    if fraction(key, "draw", shipment_id) >= share:
        return None
    wait = latest * (1 + 2 * fraction(key, "wait", shipment_id)) / 3
    is_paired = fraction(key, "form", shipment_id) < 1 / PAIRED_IN
    rotation = int(fraction(key, "rotation", shipment_id) * ROTATIONS)
    return Drawn(ended_at + wait, "paired" if is_paired else "short", rotation)


def closes(sent_at: datetime) -> datetime:
    return sent_at + OPEN_FOR


def reminds(sent_at: datetime) -> datetime:
    return sent_at + REMINDER


def token(key: bytes, invitation_id: str) -> str:
    """256 bits that only the key can make again; its hash is what is stored."""
    return hmac.digest(key, f"survey token\0{invitation_id}".encode(), "sha256").hex()


def token_hash(shown: str) -> str:
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()
