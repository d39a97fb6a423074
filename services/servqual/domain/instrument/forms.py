"""Forms of one version: which items are asked of whom."""

from dataclasses import dataclass
from typing import Literal, get_args

from services.servqual.domain.instrument.items import DIMENSIONS, ITEMS

FormName = Literal["short", "full", "paired", "zone"]
FORMS: tuple[FormName, ...] = get_args(FormName)
ROTATIONS = 20  # after so many short forms every item has been asked equally often
_ASKED = {5: 3, 4: 2}  # items of a dimension -> how many of them a short form asks


@dataclass(frozen=True)
class Form:
    name: FormName
    perception: tuple[str, ...]
    expectation: tuple[str, ...] = ()
    importance: bool = False
    zone: bool = False


def form_of(name: FormName, rotation: int = 0) -> Form:
    """`rotation` 0..19 turns the items of the short form; the others ask all."""
    if name == "short":
        return Form(name, _rotated(rotation))
    if name == "full":
        return Form(name, ITEMS, importance=True)
    if name == "paired":
        return Form(name, ITEMS, ITEMS, importance=True)
    return Form(name, ITEMS, zone=True)


def _rotated(rotation: int) -> tuple[str, ...]:
    asked = set[str]()
    for items in DIMENSIONS.values():
        turned = [items[(rotation + step) % len(items)] for step in range(_ASKED[len(items)])]
        asked |= set(turned)
    return tuple(item for item in ITEMS if item in asked)
