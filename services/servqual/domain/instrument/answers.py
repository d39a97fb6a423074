"""What a valid answer is. Each fault has its place; whole numbers are held by the schema too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from services.servqual.domain.instrument.forms import Form
from services.servqual.domain.instrument.items import (
    DIMENSIONS,
    HIGHEST,
    IMPORTANCE_TOTAL,
    LOWEST,
)


@dataclass(frozen=True)
class Answers:
    """Item -> 1..7, or None for no experience. Zone: dimension -> (minimum, desired)."""

    perception: Mapping[str, int | None] = field(default_factory=dict)
    expectation: Mapping[str, int | None] = field(default_factory=dict)
    importance: Mapping[str, int] | None = None
    zone: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    satisfaction: int | None = None


@dataclass(frozen=True)
class Fault:
    pointer: str
    code: str
    message: str


def faults(form: Form, answers: Answers) -> list[Fault]:
    """Empty where the answers fit their form."""
    found = [
        *_items("perception", form.perception, answers.perception),
        *_items("expectation", form.expectation, answers.expectation),
        *_importance(form, answers.importance),
        *_zone(form, answers.zone),
    ]
    if not _is_level(answers.satisfaction):
        found.append(_off_scale("/satisfaction"))
    given = [*answers.perception.values(), *answers.expectation.values()]
    if not found and all(value is None for value in given):
        found.append(Fault("/perception", "nothing-answered", "answer at least one item"))
    return found


def _is_level(value: int | None) -> bool:
    """A bool is an int in Python and no level."""
    if value is None:
        return True
    return type(value) is int and LOWEST <= value <= HIGHEST


def _off_scale(pointer: str) -> Fault:
    return Fault(pointer, "off-scale", f"a whole number from {LOWEST} to {HIGHEST}, or null")


def _items(part: str, asked: tuple[str, ...], given: Mapping[str, int | None]) -> Iterator[Fault]:
    for item, value in given.items():
        if item not in asked:
            yield Fault(f"/{part}/{item}", "not-asked", "this form does not ask this item")
        elif not _is_level(value):
            yield _off_scale(f"/{part}/{item}")


def _importance(form: Form, given: Mapping[str, int] | None) -> Iterator[Fault]:
    """100 points over all five, or left out whole."""
    if given is None:
        return
    if not form.importance:
        yield Fault("/importance", "not-asked", "this form does not ask importance")
        return
    for name in [*(set(given) - set(DIMENSIONS)), *(set(DIMENSIONS) - set(given))]:
        yield Fault(f"/importance/{name}", "dimensions", f"exactly {', '.join(DIMENSIONS)}")
    wrong = [name for name, points in given.items() if type(points) is not int or points < 0]
    for name in wrong:
        yield Fault(f"/importance/{name}", "points", "a whole number of points, 0 or more")
    if not wrong and sum(given.values()) != IMPORTANCE_TOTAL:
        total = sum(given.values())
        yield Fault("/importance", "total", f"{total} points; give exactly {IMPORTANCE_TOTAL}")


def _zone(form: Form, given: Mapping[str, tuple[int, int]]) -> Iterator[Fault]:
    if given and not form.zone:
        yield Fault("/zone", "not-asked", "this form does not ask the zone of tolerance")
        return
    for name, (minimum, desired) in given.items():
        if name not in DIMENSIONS:
            yield Fault(f"/zone/{name}", "dimensions", f"one of {', '.join(DIMENSIONS)}")
        elif not (_is_level(minimum) and _is_level(desired)):
            yield _off_scale(f"/zone/{name}")
        elif minimum > desired:
            yield Fault(f"/zone/{name}", "order", "the minimum is at most the desired level")
