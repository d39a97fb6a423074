"""The lines of an order, frozen when it is placed and kept as one JSON word."""

import json
from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """Amounts are of the whole line, in minor units of the order's currency."""

    line_id: str
    sku: str
    title: str
    kind: str
    quantity: int
    goods_minor: int
    duties_minor: int
    taxes_minor: int


def written(lines: Sequence[Line]) -> str:
    return json.dumps(sorted(lines))


def read(text: str) -> list[Line]:
    """In the order of their ids."""
    return [Line._make(each) for each in json.loads(text)]
