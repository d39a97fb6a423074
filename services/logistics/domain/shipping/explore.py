"""New providers must be tried, or nobody ever learns how good they are."""

import hashlib
import hmac

SHARE = 0.05
URGENT_DAYS = 2
HIGH_VALUE_MINOR = 500_00  # EUR


def is_explored(request: bytes, key: bytes, share: float = SHARE) -> bool:
    """In so many of all requests; the same request always alike. `request` is its canonical body,
    `key` a secret, so that nobody can write a request that is explored.
    """
    drawn = int.from_bytes(hmac.digest(key, request, hashlib.sha256)[:8])
    return drawn < share * 2**64


def may_explore(*, days_left: int | None, value_minor: int | None, merchant_allows: bool) -> bool:
    """Not where it is urgent or dear. A value in EUR that is not known may be high."""
    is_urgent = days_left is not None and days_left <= URGENT_DAYS
    is_high_value = value_minor is None or value_minor >= HIGH_VALUE_MINOR
    return merchant_allows and not (is_urgent or is_high_value)
