"""Fuzzy c-means (Dunn 1973; Bezdek 1981) as a scikit-learn estimator; usable alone."""

from services.segmentation.domain.fcm.estimator import FuzzyCMeans
from services.segmentation.domain.fcm.membership import Memberships, Partition, memberships
from services.segmentation.domain.fcm.warned import CollapseWarning, OrderedStreamWarning

__all__ = [
    "CollapseWarning",
    "FuzzyCMeans",
    "Memberships",
    "OrderedStreamWarning",
    "Partition",
    "memberships",
]
