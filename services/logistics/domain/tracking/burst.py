"""How fast one address may be posted to."""

from dataclasses import dataclass

RATE_PER_S = 200.0
BURST = 1_000.0


@dataclass(frozen=True)
class Bucket:
    """`left` may be taken at once; it fills up again from `at`, in seconds of a steady clock."""

    left: float
    at: float


def take_one(bucket: Bucket | None, now: float) -> tuple[Bucket, float]:
    """The bucket afterwards, and how many seconds to wait: 0 where one was taken."""
    if bucket is None:
        return Bucket(BURST - 1, now), 0.0
    left = min(BURST, bucket.left + max(0.0, now - bucket.at) * RATE_PER_S)
    if left < 1:
        return Bucket(left, now), (1 - left) / RATE_PER_S
    return Bucket(left - 1, now), 0.0
