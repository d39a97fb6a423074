"""What is worth nothing and what is worth all, per lane and service class, whatever is offered.

Our judgement, versioned: a decision keeps the version and the anchors it was made with.
"""

from collections.abc import Mapping

from services.logistics.domain.shipping.criteria import Anchors, Criterion
from services.logistics.domain.shipping.places import crosses_a_customs_border

VERSION = "anchors-1"
_QUALITY: Mapping[Criterion, Anchors] = {
    Criterion.ON_TIME: Anchors(0.7, 0.99),
    Criterion.RATING: Anchors(40.0, 90.0),
    Criterion.DAMAGE: Anchors(0.02, 0.001),
}
# EUR minor units: (flat, per kg) of the worst price and of the best
_COST = {
    "domestic": ((1500, 150), (400, 30)),
    "union": ((3000, 300), (600, 80)),
    "abroad": ((5000, 2000), (800, 400)),
}
_CLASS_PERCENT = {"economy": 80, "standard": 100, "express": 160}


def anchors_for(
    origin: str, destination: str, service_class: str, weight_g: int
) -> dict[Criterion, Anchors]:
    """Cost in EUR minor units, by the actual weight; a class nobody named is the standard one."""
    percent = _CLASS_PERCENT.get(service_class, 100)
    worst, best = (
        (flat + per_kg * weight_g / 1000) * percent / 100
        for flat, per_kg in _COST[_distance(origin, destination)]
    )
    return {Criterion.COST: Anchors(worst, best), **_QUALITY}


def _distance(origin: str, destination: str) -> str:
    if origin == destination:
        return "domestic"
    return "abroad" if crosses_a_customs_border(origin, destination) else "union"
