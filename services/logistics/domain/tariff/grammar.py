"""Duty expressions as text, as USITC, the UK and the EU print them: `parse` and `printed`.

    expression = clause { "," clause }                 several clauses only if each has windows
    clause     = sum { ("MIN" | "MAX") sum } [ "(" window { "," window } ")" ]
    sum        = term { ("+" | "-" | "plus" | "less") term }
    term       = "Free" | number ("%" | "percent") [ base ] | "EA" | "ADSZ" | "ADFM"
               | money ("each" | ("/" | "per") [ number ] unit { "/" unit }) [ qualifier ]
    window     = "01 JAN-14 FEB", which may wrap the year

What is not understood as a whole is no expression: the text stays, and its charge is unknown.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from contracts.values import CURRENCIES
from services.logistics.domain.tariff.bases import (
    base_of,
    base_text,
    beside,
    phrase_of,
    qualified,
    qualifier_of,
)
from services.logistics.domain.tariff.expression import (
    AGRICULTURAL,
    Expression,
    Season,
    Term,
    fraction_text,
)
from services.logistics.domain.tariff.units import WEIGHTS, counted, unit_of, word_of

LONGEST = 600  # characters: no rate in the real files is half as long
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})(?:\.[0-9]{1,15})?"
_TAG = re.compile(r"</?[a-z]{1,9}>", re.IGNORECASE)
_HYPHENATED = re.compile(r"(?<=[a-z])- (?=[a-z])")
_IN_PROPORTION = re.compile(r" ?\(and fractions of a degree in proportion\)", re.IGNORECASE)
_WINDOWS = re.compile(r"\(([0-9A-Za-z ,-]{5,200})\)")
_DAY = r"([0-9]{1,2}) ?([A-Za-z]{3,9})"
_WINDOW = re.compile(rf"{_DAY} ?- ?{_DAY}")
_SAME_MONTH = re.compile(r"([0-9]{1,2}) ?- ?([0-9]{1,2}) ?([A-Za-z]{3,9})")
_LIMIT = re.compile(
    r" ?\b(MIN|MAX)\b ?|,? (but not less(?: than)?|but not to exceed) ", re.IGNORECASE
)
_SIGN = re.compile(r" ?(\+) ?| (-|plus|less) ", re.IGNORECASE)
_SIGNS = {"+": "+", "plus": "+", "-": "-", "less": "-"}
_PCT = re.compile(
    rf"(?P<whole>{_NUMBER})(?: (?P<top>[0-9]{{1,3}})/(?P<bottom>[1-9][0-9]{{0,2}}))? ?"
    r"(?:%|percent\b)(?P<base>.*)"
)
_MONEY = re.compile(
    rf"(?P<front>[$€])? ?(?P<number>{_NUMBER}) ?(?P<back>¢|€|[A-Z]{{3}}(?![A-Za-z]))? ?"
    r"(?:(?P<each>each)|(?:/|per\b) ?(?P<units>[^ ].*))"
)
_COUNT = re.compile(r"([0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,9})(?![0-9.,]) ?")
_CURRENCIES = {"$": "USD", "¢": "USD", "€": "EUR"}


def normal(text: str) -> str:
    """Without tags, no-break spaces, print hyphenation and the final full stop."""
    plain = " ".join(_TAG.sub("", text).split())
    return _HYPHENATED.sub("", plain).removesuffix(".").strip()


@lru_cache(maxsize=50_000)
def parse(text: str) -> Expression | None:
    """None for a text that is not understood as a whole; never raises."""
    if len(text) > LONGEST:
        return None
    clauses = _clauses(_IN_PROPORTION.sub("", normal(text)))
    if len(clauses) == 1 and not clauses[0][1]:
        terms = _limited(clauses[0][0])
        return Expression(terms=terms) if terms else None
    seasons: list[Season] = []
    for body, windows in clauses:
        terms = _limited(body)
        days = [_window(each.strip()) for each in windows.split(",")]
        if terms is None or not all(days):
            return None
        seasons += [Season(day[0], day[1], terms) for day in days if day]
    return Expression(seasons=tuple(seasons))


def _clauses(text: str) -> list[tuple[str, str]]:
    """A comma ends a clause only behind its windows."""
    found, at = [], 0
    for windows in _WINDOWS.finditer(text):
        found.append((text[at : windows.start()].lstrip(",").strip(), windows[1]))
        at = windows.end()
    rest = text[at:].lstrip(",").strip()
    return [*found, (rest, "")] if rest or not found else found


def _window(text: str) -> tuple[str, str] | None:
    if found := _WINDOW.fullmatch(text):
        days = _day(found[1], found[2]), _day(found[3], found[4])
    elif found := _SAME_MONTH.fullmatch(text):
        days = _day(found[1], found[3]), _day(found[2], found[3])
    else:
        return None
    return (days[0], days[1]) if days[0] and days[1] else None


def _day(day: str, month: str) -> str | None:
    number = next((at for at, name in enumerate(MONTHS, 1) if month.upper().startswith(name)), 0)
    return f"{number:02}-{int(day):02}" if number and 1 <= int(day) <= 31 else None


def _limited(text: str) -> tuple[Term, ...] | None:
    parts = [part for part in _LIMIT.split(text) if part is not None]
    ops = ["+", *("MIN" if _is_least(word) else "MAX" for word in parts[1::2])]
    terms: list[Term] = []
    for op, part in zip(ops, parts[::2], strict=True):
        found = _sum(part.strip(), op)
        if found is None:
            return None
        terms += found
    return tuple(terms)


def _is_least(word: str) -> bool:
    return word.upper() == "MIN" or "less" in word.lower()


def _sum(text: str, op: str) -> list[Term] | None:
    pieces = [piece for piece in _SIGN.split(text) if piece is not None]
    ops = [op, *(_SIGNS[sign.lower()] for sign in pieces[1::2])]
    terms = [_term(piece.strip(), op) for piece, op in zip(pieces[::2], ops, strict=True)]
    known = [term for term in terms if term is not None]
    return known if len(known) == len(terms) else None


def _term(text: str, op: str) -> Term | None:
    if text.lower() == "free":
        return Term(op, pct=Fraction(0))
    if text in AGRICULTURAL:
        return Term(op, agri=text)
    if found := _PCT.fullmatch(text):
        return _percentage(found, op)
    found = _MONEY.fullmatch(text)
    return _specific(found, op) if found else None


def _percentage(found: re.Match[str], op: str) -> Term | None:
    of = base_of(found["base"].strip())
    if of is None:
        return None
    pct = Fraction(found["whole"].replace(",", ""))
    if found["top"]:
        pct += Fraction(int(found["top"]), int(found["bottom"]))
    return Term(op, pct=pct, of=of)


def _specific(found: re.Match[str], op: str) -> Term | None:
    front, back = found["front"], found["back"]
    if (front is None) == (back is None):
        return None  # a number without a currency, or with two
    measured = (1, ("NAR",), "") if found["each"] else _measured(found["units"])
    if measured is None:
        return None
    amount = Decimal(found["number"].replace(",", ""))
    sign = front or back
    currency = _CURRENCIES.get(sign, sign)
    if currency not in CURRENCIES:
        return None
    return Term(
        op,
        amount=amount.scaleb(-2) if sign == "¢" else amount,
        currency=currency,
        per=Decimal(measured[0]),
        units=measured[1],
        qualifier=measured[2],
    )


def _measured(text: str) -> tuple[int, tuple[str, ...], str] | None:
    """`100 kg / net / % sacchar.`: per how many, of which units, qualified how."""
    rest, qualifier = phrase_of(text)
    number, units = 1, list[str]()
    for at, part in enumerate(_parts(rest)):
        named = qualifier_of(part) if units and units[-1] in WEIGHTS else None
        unit = None if named else _unit(part, is_first=at == 0)
        if named and not qualifier:
            qualifier = named
        elif unit is None or (unit[2] and qualifier):
            return None
        else:
            units.append(unit[0])
            number *= unit[1]
            qualifier = unit[2] or qualifier
    return number, tuple(units), qualifier


def _unit(part: str, *, is_first: bool) -> tuple[str, int, str] | None:
    """Code, count and qualifier of `100 kg eda`, `clean kg`, `doz.` or a bare `1000`."""
    number, count = 1, _COUNT.match(part) if is_first else None
    if count:
        number, part = int(count[1].replace(",", "")), part[count.end() :]
        if not part:
            return ("NAR", number, "") if number else None
    part, qualifier = beside(part)
    unit = unit_of(part)
    if unit is None or not number:
        return None
    code, times = unit
    return (*counted(code, number), qualifier) if times == 1 else (code, number * times, qualifier)


def _parts(text: str) -> list[str]:
    """Between strokes; `p/st` keeps its own, and `kg for each degree` is two units."""
    parted = text.replace("p/st", "p\0st").replace(" for each ", "/")
    return [part.replace("\0", "/").strip() for part in parted.split("/")]


def printed(expression: Expression) -> str | None:
    """The text that parses to the same; None where no text says it (a flat amount, a reference)."""
    if expression.terms:
        return _terms_text(expression.terms)
    clauses = []
    for season in expression.seasons:
        terms = _terms_text(season.terms)
        if terms is None:
            return None
        clauses.append(f"{terms} ({_day_text(season.since)} - {_day_text(season.until)})")
    return ", ".join(clauses)


def _day_text(day: str) -> str:
    return f"{day[3:]} {MONTHS[int(day[:2]) - 1]}"


def _terms_text(terms: tuple[Term, ...]) -> str | None:
    texts = [_term_text(term) for term in terms]
    if any(text is None for text in texts):
        return None
    joined = "".join(f" {term.op} {text}" for term, text in zip(terms, texts, strict=True))
    return joined.removeprefix(" + ")


def _term_text(term: Term) -> str | None:
    if term.agri:
        return term.agri
    if term.pct is not None:
        of = base_text(term.of)
        return None if of is None else f"{_mixed(term.pct)}%{of}"
    if term.amount is None:
        return None
    words = [word_of(unit) for unit in term.units]
    known = [word for word in words if word]
    first = _counted_word(term.per, term.units[0], known[0]) if known else None
    if first is None or len(known) != len(words):
        return None
    return f"{term.amount:f} {term.currency} / {qualified([first, *known[1:]], term.qualifier)}"


def _counted_word(per: Decimal, code: str, word: str) -> str | None:
    """None where the text would say another unit: 100 of KGM is DTN."""
    if per == 1:
        return word
    if code == "NAR" and per == 1000:
        return "thousand"
    is_plain = per == per.to_integral_value() and counted(code, int(per))[1] != 1
    return f"{per:f} {word}" if is_plain and not word[0].isdigit() else None


def _mixed(pct: Fraction) -> str:
    """33 1/3 where a decimal would not end."""
    text = fraction_text(pct)
    if "/" not in text:
        return text
    whole, rest = divmod(pct, 1)
    return f"{int(whole)} {rest.numerator}/{rest.denominator}"
