"""Signs that a response may not be honest. A flag weighs down until a person has looked."""

import math
from collections.abc import Collection, Sequence

FAST_S = 40.0
STRAIGHT_LINE_ITEMS = 12
BURST_P = 0.001
FLAGGED, FORGED = 0.25, 0.0


def flags(answers: Sequence[int | None], seconds: float, today: int, daily_mean: float) -> set[str]:
    """`fast`, `straight_line`, `burst`; `linked` needs identities and is seen elsewhere.

    `seconds` from opened to submitted, `today` the provider's responses of this day with this
    one, `daily_mean` its own of the 90 days before.
    """
    given = [each for each in answers if each is not None]
    found = {
        "fast": seconds < FAST_S,
        "straight_line": len(given) >= STRAIGHT_LINE_ITEMS and len(set(given)) == 1,
        "burst": poisson_tail(today, daily_mean) < BURST_P,
    }
    return {flag for flag, is_raised in found.items() if is_raised}


def quality(flagged: Collection[str], *, is_forged: bool = False) -> float:
    """q of a response: 1, less while flagged, nothing for a confirmed forgery."""
    if is_forged:
        return FORGED
    return FLAGGED if flagged else 1.0


def poisson_tail(count: int, mean: float) -> float:
    """P(X >= count) for X ~ Poisson(mean). After no response in 90 days the mean is 0, and the
    first would be a burst: such a provider is met as if it had one in the window.
    """
    mean = max(mean, 1 / 90)
    below = math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count)
    )
    return max(0.0, 1.0 - below)
