"""A cell of a tariff's rate column: an expression, a reference to another rate, or unknown.

`read(text)` never raises. A reference keeps the codes it names; a condition is never plain Free.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from services.logistics.domain.tariff.expression import Expression
from services.logistics.domain.tariff.grammar import normal, parse

LONGEST = 2000  # characters of a special column, which names many programmes
_CODES = re.compile(
    r"\b(?:[0-9]{4}\.[0-9]{2}(?:\.[0-9]{2}){0,2}"
    r"(?:-[0-9]{4}\.[0-9]{2}(?:\.[0-9]{2}){0,2})?|(?<=heading )[0-9]{4}\b"
    r"|U\.S\. note [0-9]+(?:\([a-z]\))*)",
    re.IGNORECASE,
)
_ADDED = re.compile(
    r"the duty provided (?:for )?in ?the applicable subheading"
    r"(?: ?(?:\+|plus) ?(?:a duty of )?(.+))?"
    r"|the duty provided in subheadings? [0-9., or]+(?:\+|plus) ?(.+)",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"no (?:change|additional duty)", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:the (?:rate|duty rate|duty)|a duty|see|free ?[,(](?: ?under| for| ?see)) ?.*",
    re.IGNORECASE | re.DOTALL,
)
_SUPPLEMENTARY = {"p/st": "NAR", "l alc. 100%": "LPA"}
_BARE_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?: ?(?:\+|-|MIN|MAX) .*)?")
_PROGRAMME = r"[A-Z]{1,2}[+*]?"
_GROUP = re.compile(
    rf"(?P<rate>.+?)\(\s*(?P<of>{_PROGRAMME}(?:\s*,\s*{_PROGRAMME})*\s*,?)\s*\)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Rate:
    """`state`: parsed, reference or unparsed. `mode` is set where the words themselves say it:
    additive or no_additional. `unit` is a supplementary unit standing alone: no duty at all.
    """

    text: str
    state: str
    expression: Expression | None = None
    mode: str = ""
    cites: tuple[str, ...] = ()
    unit: str = ""
    why: str = ""  # the gap's code, where the charge is unknown


@dataclass(frozen=True, slots=True)
class Group:
    """One rate of a special column. No programmes: every programme of the column."""

    rate: Rate
    programmes: tuple[str, ...]


@lru_cache(maxsize=50_000)
def read(text: str) -> Rate:
    plain = normal(text)
    cites = tuple(_CODES.findall(plain))
    expression = parse(text)
    if expression is not None:
        return Rate(plain, "parsed", expression)
    if plain.lower() in _SUPPLEMENTARY:
        return Rate(plain, "parsed", unit=_SUPPLEMENTARY[plain.lower()])
    if _NOTHING.fullmatch(plain):
        return Rate(plain, "parsed", mode="no_additional")
    if found := _ADDED.fullmatch(plain):
        return _added(plain, found[1] or found[2], cites)
    if _ELSEWHERE.fullmatch(plain):
        return Rate(plain, "reference", cites=cites, why="rate_reference")
    return Rate(plain, "unparsed", why=_why(plain))


def _added(plain: str, more: str | None, cites: tuple[str, ...]) -> Rate:
    """`The duty provided in the applicable subheading`, alone or with more on top of it."""
    if more is None:
        return Rate(plain, "parsed", mode="no_additional", cites=cites)
    expression = parse(more)
    if expression is None:
        return Rate(plain, "unparsed", cites=cites, why="rate_unparsed")
    return Rate(plain, "parsed", expression, "additive", cites)


def _why(plain: str) -> str:
    if plain.lower() == "entry price":
        return "entry_price"
    return "ambiguous_number" if _BARE_NUMBER.fullmatch(plain) else "rate_unparsed"


@lru_cache(maxsize=50_000)
def special_column(text: str) -> tuple[Group, ...]:
    """`Free (A,AU) 3.2% (JP) See 9822.05.20 (P+)`. A group that fails leaves its own programmes
    unknown, no others; what stands behind the last group and names none is a group of its own.
    """
    if len(text) > LONGEST:
        return (Group(read(text), ()),)
    found, at = [], 0
    for group in _GROUP.finditer(text):
        programmes = tuple(word.strip() for word in group["of"].split(",") if word.strip())
        found.append(Group(read(group["rate"]), programmes))
        at = group.end()
    rest = text[at:].strip()
    if rest and (not found or rest.strip(".)")):
        found.append(Group(read(rest), ()))
    return tuple(found)
