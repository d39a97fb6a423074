"""Places, the areas they lie in, and the customs border between them."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.logistics.domain.shipping.card import Lane

EU = frozenset(
    """AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK""".split()
)  # one customs territory (Regulation (EU) 952/2013, article 4), its outlying parts aside


@dataclass(frozen=True, slots=True)
class Place:
    country: str
    region: str = ""
    postcode: str | None = None
    is_residential: bool | None = None  # None: not known


def closeness(area: str, place: Place) -> int | None:
    """How closely an area names a place, None where the place is outside: longest wins."""
    country, region, prefix = area[:2], area[2:3] == "/" and area[3:], area[2:3] == ":" and area[3:]
    if country != place.country:
        return None
    if prefix:
        return 1_000 + len(prefix) if _plain(place.postcode).startswith(prefix) else None
    if region:
        return 500 if region == place.region else None
    return 0


def lane_between(lanes: Iterable[Lane], origin: Place, destination: Place) -> Lane | None:
    """The lane that names the destination most closely, then the origin."""
    found = []
    for lane in lanes:
        there, here = closeness(lane.destination, destination), closeness(lane.origin, origin)
        if there is not None and here is not None:
            found.append(((there, here), lane))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def crosses_a_customs_border(origin: str, destination: str) -> bool:
    return origin != destination and not {origin, destination} <= EU


def _plain(postcode: str | None) -> str:
    return (postcode or "").replace(" ", "").replace("-", "").upper()
