"""The zone of tolerance between minimum and desired level (Parasuraman, Zeithaml, Berry 1994)."""

from dataclasses import dataclass
from typing import Literal

State = Literal["below", "within", "above"]


@dataclass(frozen=True)
class Zone:
    """`adequacy` is MSA = P - minimum, `superiority` MSS = P - desired; `position` 0 at the
    minimum and 1 at the desired level, null for a zone of width 0.
    """

    adequacy: float
    superiority: float
    position: float | None
    state: State


def zone(perception: float, minimum: float, desired: float) -> Zone:
    """Raises ValueError when the minimum lies above the desired level."""
    if minimum > desired:
        raise ValueError(f"the minimum {minimum} is above the desired level {desired}")
    adequacy, superiority = perception - minimum, perception - desired
    width = desired - minimum
    return Zone(
        adequacy,
        superiority,
        adequacy / width if width > 0 else None,
        "below" if adequacy < 0 else "above" if superiority > 0 else "within",
    )
