"""Who gets which depth of an offer, and who gets none so that its effect can be measured."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

Arm = Literal["offer", "hold_out"]
_DIGITS = Decimal("1e-9")  # sums of memberships are rounded here first: 9.999999999 % is 10 %


def arm_of(offer_id: str, subject: str, hold_out: Decimal) -> Arm:
    """By SHA-256 of both: anyone can check it, nobody can choose it. `hold_out` is a share."""
    digest = hashlib.sha256(f"{offer_id}\0{subject}".encode()).digest()
    is_held_out = int.from_bytes(digest[:8]) < hold_out * 2**64
    return "hold_out" if is_held_out else "offer"


def depth_of(
    memberships: Mapping[str, float], depths: Mapping[str, Decimal], largest: Decimal, step: Decimal
) -> Decimal:
    """Percent: depths weighed by membership, within [0, largest], rounded down to the step."""
    weighed = sum(
        (Decimal(repr(share)) * depths.get(segment, Decimal(0))
         for segment, share in memberships.items()),
        Decimal(0),
    )  # fmt: skip
    held = min(max(weighed.quantize(_DIGITS), Decimal(0)), largest)
    steps = (held / step).to_integral_value(ROUND_FLOOR)
    return (steps * step).quantize(Decimal("0.01"))


def margin_left(gross_pct: Decimal, depth_pct: Decimal) -> Decimal:
    """Percent of what is then paid that stays above cost; below 0 the merchant pays to sell."""
    if depth_pct >= 100:
        return Decimal(-100)
    left = (gross_pct - depth_pct) / (100 - depth_pct) * 100
    return left.quantize(Decimal("0.01"), ROUND_FLOOR)


@dataclass(frozen=True)
class Outcome:
    """What one subject bought during the offer, whether or not it was used."""

    arm: Arm
    value_minor: int
    memberships: Mapping[str, float]
