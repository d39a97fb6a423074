"""New providers must be tried, or nobody ever learns how good they are."""

import hashlib
import hmac

SHARE = 0.05


def is_explored(request: bytes, key: bytes, share: float = SHARE) -> bool:
    """In so many of all requests; the same request always alike. `request` is its canonical body,
    `key` a secret, so that nobody can write a request that is explored.
    """
    drawn = int.from_bytes(hmac.digest(key, request, hashlib.sha256)[:8])
    return drawn < share * 2**64


def may_explore(*, is_urgent: bool, is_high_value: bool, merchant_allows: bool) -> bool:
    return merchant_allows and not (is_urgent or is_high_value)
