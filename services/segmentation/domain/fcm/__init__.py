"""Fuzzy c-means (Dunn 1973; Bezdek 1981) as a scikit-learn estimator; usable alone.

What predicts needs numpy alone: scikit-learn is imported when the estimator is asked for.
"""

from typing import TYPE_CHECKING, Any

from services.segmentation.domain.fcm.membership import Memberships, Partition, memberships
from services.segmentation.domain.fcm.warned import CollapseWarning, OrderedStreamWarning

if TYPE_CHECKING:
    from services.segmentation.domain.fcm.estimator import FuzzyCMeans

__all__ = [
    "CollapseWarning",
    "FuzzyCMeans",
    "Memberships",
    "OrderedStreamWarning",
    "Partition",
    "memberships",
]


def __getattr__(name: str) -> Any:
    if name == "FuzzyCMeans":
        from services.segmentation.domain.fcm.estimator import FuzzyCMeans  # noqa: PLC0415

        return FuzzyCMeans
    raise AttributeError(name)
