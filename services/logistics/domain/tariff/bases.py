"""What a percentage is of, and what qualifies a quantity, in the words of the tariffs."""

import re

from services.logistics.domain.tariff.expression import VALUE

_PARTS = {
    "case": "case",
    "strap": "strap, band or bracelet",
    "movement": "movement",
    "battery": "battery",
    "apparatus": "apparatus",
    "entire_set": "entire set",
    "rifle": "rifle",
    "telescopic_sight": "telescopic sight",
    "parts": "parts",
    "parts_or_materials": "parts or materials",
}
_NAMES = {words: name for name, words in _PARTS.items()}
_OF_A_PART = re.compile(r"(?:on|of|upon) ?(?:the ?)?(?:(?:value|cost) of )?(?:the ?|such )?(.+)")
_CONTENT = re.compile(r"(?:on|of|upon) (?:the )?(?:value of the )?([a-z][a-z ]{0,40}) content")
_WHOLE = {
    "": VALUE,
    "on the full value of the imported article": VALUE,
    "/ retail price": "retail_price",
    "of the fair retail value": "retail_price",
    "of the cost of such goods or repairs": "repair_value",
    "upon the value of the non-u.s. content": "value_less:us_content",
}
_WHOLE_TEXTS = {
    VALUE: "",
    "retail_price": " / Retail Price",
    "repair_value": " of the cost of such goods or repairs",
    "value_less:us_content": " upon the value of the non-U.S. content",
}
_STROKES = {  # behind a stroke, or beside the unit
    "net": "net",
    "gross": "gross",
    "br": "gross",
    "net dry": "net_dry",
    "net drained wt": "net_drained",
    "std qual": "std_qual",
    "eda": "eda",
    "mas": "mas",
    "lactic matter": "lactic_matter",
    "dry lactic matter": "dry_lactic_matter",
    "tot alc": "total_alcohol",
    "total alcohol": "total_alcohol",
    "biodiesel": "biodiesel",
}
_PHRASES = {  # at the end of a term
    ", including weight of immediate containers": "with_container",
    ", including weight of container": "with_container",
    "on entire contents of container": "entire_contents",
    "on contents and container": "with_container",
    "of immediate containers": "immediate_containers",
    "of recording surface": "recording_surface",
    "on drained weight": "drained",
    "of total sugars": "content:sugar",
}
_CONTENT_PHRASE = re.compile(r" (?:on|of) ([a-z]+(?: [a-z]+){0,2}) content$")
_PRINTED_PHRASES = {name: words for words, name in _PHRASES.items()}
_PRINTED_STROKES = {name: words for words, name in _STROKES.items()}


def base_of(text: str) -> str | None:
    """`on the case and strap, band or bracelet` is `component:case+strap`; None: not understood."""
    plain = " ".join(text.lower().split()).removesuffix(", if any")
    if plain in _WHOLE:
        return _WHOLE[plain]
    if found := _CONTENT.fullmatch(plain):
        return f"content:{found[1].replace(' ', '_')}"
    found = _OF_A_PART.fullmatch(plain)
    if found is None:
        return None
    names = [_NAMES.get(part) for part in re.split(r" and (?:the )?", found[1])]
    known = [name for name in names if name]
    return f"component:{'+'.join(known)}" if len(known) == len(names) else None


def base_text(of: str) -> str | None:
    if of in _WHOLE_TEXTS:
        return _WHOLE_TEXTS[of]
    kind, _, name = of.partition(":")
    if kind == "content":
        return f" on the value of the {name.replace('_', ' ')} content"
    parts = [_PARTS.get(part) for part in name.split("+")]
    if kind != "component" or None in parts:
        return None
    return " on the " + " and ".join(part for part in parts if part)


def phrase_of(text: str) -> tuple[str, str]:
    """The text without the words at its end that qualify the quantity, and the qualifier."""
    lower = text.lower()
    for words, name in _PHRASES.items():
        if lower.endswith(words):
            return text[: -len(words)].rstrip(), name
    found = _CONTENT_PHRASE.search(lower)
    if found is None:
        return text, ""
    of = found[1].replace(" ", "_")
    # a proof liter measures nothing but ethyl alcohol
    return text[: found.start()], "" if of == "ethyl_alcohol" else f"content:{of}"


def qualifier_of(part: str) -> str | None:
    """Of what stands between strokes, behind a weight."""
    return _STROKES.get(" ".join(part.lower().split()))


def beside(part: str) -> tuple[str, str]:
    """`kg eda` and `clean kg`: the unit, and what qualifies it."""
    if part.startswith("clean "):
        return part.removeprefix("clean "), "clean"
    unit, _, words = part.partition(" ")
    named = _STROKES.get(words) if unit.lower() == "kg" else None
    return (unit, named) if named else (part, "")


def qualified(units: list[str], qualifier: str) -> str:
    """Units as a text says them: a stroke behind the weight, a phrase at the end."""
    if not qualifier:
        return " / ".join(units)
    if qualifier == "clean":
        return " / ".join([f"clean {units[0]}", *units[1:]])
    if qualifier in _PRINTED_STROKES:
        return " / ".join([units[0], _PRINTED_STROKES[qualifier], *units[1:]])
    content = qualifier.removeprefix("content:").replace("_", " ")
    phrase = _PRINTED_PHRASES.get(qualifier, f"on {content} content")
    return f"{' / '.join(units)}{'' if phrase[0] == ',' else ' '}{phrase}"
