"""Lines into parcels by the merchant's boxes.

Longest side first, into the first open parcel, then the first box of the list that takes it by
volume, each side and weight. Dangerous goods and cold chain travel with their like only; what no
box takes travels alone, as it is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.logistics.domain.shipping.weight import Gap, Parcel

MOST_UNITS = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """One line: `quantity` units of a SKU. A weight or size of None is not known."""

    sku: str
    quantity: int
    weight_g: int | None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    goods: frozenset[str] = frozenset()

    @property
    def sides_mm(self) -> tuple[int, int, int] | None:
        """Longest first."""
        return Parcel(0, self.length_mm, self.width_mm, self.height_mm).sides_mm


@dataclass(frozen=True, slots=True)
class Box:
    """Inner sizes, and what the empty box weighs; `max_weight_g` is of the contents."""

    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    max_weight_g: int
    empty_weight_g: int = 0

    @property
    def volume_mm3(self) -> int:
        return self.length_mm * self.width_mm * self.height_mm


BOXES = (
    Box("small", 250, 175, 100, 5_000, 90),
    Box("medium", 400, 300, 200, 15_000, 260),
    Box("large", 600, 400, 400, 30_000, 620),
)  # until a merchant gives a list of its own


@dataclass(frozen=True, slots=True)
class Packed:
    parcels: tuple[Parcel, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass
class _Open:
    """A parcel being filled; its box grows with it."""

    box: Box
    weight_g: int = 0
    volume_mm3: int = 0
    sides_mm: tuple[int, int, int] = (0, 0, 0)  # the largest of each
    contents: Counter[str] = field(default_factory=Counter)
    goods: set[str] = field(default_factory=set)


def pack(items: Sequence[Item], boxes: Sequence[Box]) -> Packed:
    """Every unit in one parcel, or none packed and the gaps said. Without boxes each unit travels
    alone. Units without sizes go by weight into parcels that have none either.
    """
    gaps = _gaps(items)
    if gaps:
        return Packed((), gaps)
    parcels: list[Parcel] = []
    measured = sorted(
        (item for item in items if item.sides_mm),
        key=lambda item: item.sides_mm or (),
        reverse=True,
    )
    for group in _travelling_together(measured):
        parcels += _boxed(group, boxes)
    for group in _travelling_together(item for item in items if not item.sides_mm):
        parcels += _by_weight(group, max((box.max_weight_g for box in boxes), default=0))
    return Packed(tuple(parcels))


def _gaps(items: Sequence[Item]) -> tuple[Gap, ...]:
    if sum(item.quantity for item in items) > MOST_UNITS:
        return (Gap("too_many_units", "/lines", f"more than {MOST_UNITS} units in one shipment"),)
    return tuple(
        Gap("weight_missing", f"/lines/{at}", f"the weight of {item.sku}")
        for at, item in enumerate(items)
        if item.weight_g is None
    )


def _travelling_together(items: Iterable[Item]) -> list[list[Item]]:
    groups: dict[frozenset[str], list[Item]] = {}
    for item in items:
        apart = frozenset(
            tag for tag in item.goods if tag == "cold_chain" or tag.partition(":")[0] == "dg"
        )
        groups.setdefault(apart, []).append(item)
    return list(groups.values())


def _boxed(items: Iterable[Item], boxes: Sequence[Box]) -> list[Parcel]:
    open_parcels: list[_Open] = []
    alone: list[Parcel] = []
    for item in items:
        if _box_for(item, _Open(Box("", 0, 0, 0, 0)), boxes) is None:
            alone += [_as_it_is(item)] * item.quantity
            continue
        first = 0  # a parcel too full for one unit is too full for the next of the same
        for _ in range(item.quantity):
            first = _place(item, open_parcels, boxes, first)
    return [_closed(parcel) for parcel in open_parcels] + alone


def _place(item: Item, open_parcels: list[_Open], boxes: Sequence[Box], first: int) -> int:
    for at in range(first, len(open_parcels) + 1):
        if at == len(open_parcels):
            open_parcels.append(_Open(boxes[0]))
        parcel = open_parcels[at]
        box = _box_for(item, parcel, boxes)
        if box is not None:
            parcel.box = box
            _add(item, parcel)
            return at
    raise AssertionError("an item that fits an empty box found none")


def _box_for(item: Item, parcel: _Open, boxes: Sequence[Box]) -> Box | None:
    sides = item.sides_mm or (0, 0, 0)
    volume_mm3 = parcel.volume_mm3 + sides[0] * sides[1] * sides[2]
    weight_g = parcel.weight_g + (item.weight_g or 0)
    largest = tuple(map(max, sides, parcel.sides_mm))
    for box in boxes:
        inner = sorted((box.length_mm, box.width_mm, box.height_mm), reverse=True)
        if (
            volume_mm3 <= box.volume_mm3
            and weight_g <= box.max_weight_g
            and all(side <= room for side, room in zip(largest, inner, strict=True))
        ):
            return box
    return None


def _add(item: Item, parcel: _Open) -> None:
    sides = item.sides_mm or (0, 0, 0)
    parcel.volume_mm3 += sides[0] * sides[1] * sides[2]
    parcel.weight_g += item.weight_g or 0
    longest, middle, shortest = map(max, sides, parcel.sides_mm)
    parcel.sides_mm = (longest, middle, shortest)
    parcel.contents[item.sku] += 1
    parcel.goods |= item.goods


def _closed(parcel: _Open) -> Parcel:
    box = parcel.box
    return Parcel(
        weight_g=parcel.weight_g + box.empty_weight_g,
        length_mm=box.length_mm,
        width_mm=box.width_mm,
        height_mm=box.height_mm,
        goods=frozenset(parcel.goods),
        contents=tuple(sorted(parcel.contents.items())),
        box=box.name,
        fill_percent=100 * parcel.volume_mm3 // box.volume_mm3,
    )


def _as_it_is(item: Item) -> Parcel:
    longest, middle, shortest = item.sides_mm or (None, None, None)
    contents = ((item.sku, 1),)
    return Parcel(item.weight_g or 0, longest, middle, shortest, item.goods, contents)


def _by_weight(items: Iterable[Item], most_g: int) -> list[Parcel]:
    filled: list[tuple[int, Counter[str], frozenset[str]]] = []
    for item in items:
        for _ in range(item.quantity):
            weight_g, contents, goods = (
                filled[-1] if filled else (most_g, Counter[str](), item.goods)
            )
            if weight_g + (item.weight_g or 0) > most_g:
                filled.append((item.weight_g or 0, Counter({item.sku: 1}), item.goods))
                continue
            contents[item.sku] += 1
            filled[-1] = (weight_g + (item.weight_g or 0), contents, goods | item.goods)
    return [
        Parcel(
            weight_g,
            goods=goods,
            contents=tuple(sorted(contents.items())),
            without_dimensions=tuple(sorted(contents)),
        )
        for weight_g, contents, goods in filled
    ]
