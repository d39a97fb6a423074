"""Partial refunds by the rates frozen with the order. Integer minor units throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class RefundTooLarge(ValueError):
    """More units than are left to refund; `left` says how many, per SKU."""

    def __init__(self, left: Mapping[str, int]) -> None:
        super().__init__(f"at most {dict(left)} can still be refunded")
        self.left = dict(left)


@dataclass(frozen=True)
class Charged:
    """What one line was charged, in minor units, and how many of its units were refunded before."""

    line_id: str
    sku: str
    quantity: int
    goods: int
    duties: int
    taxes: int
    refunded: int = 0

    @property
    def left(self) -> int:
        return self.quantity - self.refunded


@dataclass(frozen=True)
class Share:
    """What a refund gives back of one line, in minor units."""

    line_id: str
    sku: str
    units: int
    goods: int
    duties: int
    taxes: int


def shares(charged: Sequence[Charged], wanted: Mapping[str, int]) -> tuple[Share, ...]:
    """Of each line its part, so that all parts of a line sum to its charge, whatever their order.

    Units are taken from a SKU's lines in line order. Raises RefundTooLarge.
    """
    left = {sku: sum(line.left for line in charged if line.sku == sku) for sku in wanted}
    if any(units > left[sku] for sku, units in wanted.items()):
        raise RefundTooLarge(left)
    todo, found = dict(wanted), []
    for line in sorted(charged, key=lambda each: each.line_id):
        units = min(line.left, todo.get(line.sku, 0))
        if units:
            todo[line.sku] -= units
            found.append(_share(line, units))
    return tuple(found)


def _share(line: Charged, units: int) -> Share:
    """The running sum after these units less that before them: no penny is lost or made."""

    def part(whole: int) -> int:
        before, after = line.refunded, line.refunded + units
        return whole * after // line.quantity - whole * before // line.quantity

    return Share(
        line.line_id, line.sku, units, part(line.goods), part(line.duties), part(line.taxes)
    )
