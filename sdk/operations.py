"""Python methods, one per operation of the document: a class per tag, a method per verb."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from textwrap import indent
from typing import Any

from sdk.document import METHODS

_KEY = "idempotency-key"
_SCALARS = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None",
}  # fmt: skip
_HEAD = '''"""Made from the platform's document by `make sdk`: every operation, typed."""

from typing import Any, Literal
from urllib.parse import quote

from . import types
from .connection import Connection, Options, Request


def _at(word: str) -> str:
    return quote(word, safe="")
'''


@dataclass(frozen=True)
class Parameter:
    name: str  # as Python writes it
    wire: str
    where: str  # path, query, header
    type: str
    is_required: bool


@dataclass(frozen=True)
class Operation:
    tag: str
    verb: str
    method: str
    path: str
    words: str
    parameters: tuple[Parameter, ...]
    body: tuple[str, str] | None  # its media type, its Python type
    answer: tuple[str, str]
    is_keyed: bool  # takes an Idempotency-Key: may be sent again after a lost answer


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(path, method, item[method])


def keyed_paths(document: dict[str, Any]) -> list[str]:
    return [each.path for each in operations(document) if each.is_keyed]


def module(document: dict[str, Any]) -> str:
    by_tag: dict[str, list[Operation]] = {}
    for each in operations(document):
        by_tag.setdefault(each.tag, []).append(each)
    classes = [_class(tag, found) for tag, found in sorted(by_tag.items())]
    return "\n\n".join([_HEAD, *classes, _client(sorted(by_tag))])


def type_of(schema: dict[str, Any]) -> str:
    """The Python type that a JSON value of this schema has."""
    if reference := schema.get("$ref"):
        return "types." + str(reference).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(type_of(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        words = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(repr(word) for word in words)}]"
    kind = schema.get("type")
    if kind == "array":
        return f"list[{type_of(schema.get('items', {}))}]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {type_of(inner) if isinstance(inner, dict) else 'Any'}]"
    return _SCALARS.get(str(kind), "Any")


def _operation(path: str, method: str, found: dict[str, Any]) -> Operation:
    tag, _, verb = found["operationId"].partition("_")
    given = [*map(_parameter, found.get("parameters", []))]
    return Operation(
        tag=tag,
        verb=_name(verb),
        method=method.upper(),
        path=path,
        words=str(found.get("description") or "").strip(),
        parameters=tuple(each for each in given if each.wire.lower() != _KEY),
        body=_content(found.get("requestBody", {})),
        answer=_answer(found["responses"]),
        is_keyed=any(each.wire.lower() == _KEY for each in given),
    )


def _parameter(found: dict[str, Any]) -> Parameter:
    name = _name(re.sub(r"\W", "_", found["name"]).lower())
    kind = type_of(found["schema"])
    return Parameter(name, found["name"], found["in"], kind, bool(found.get("required")))


def _name(word: str) -> str:
    return f"{word}_" if iskeyword(word) else word


def _content(found: dict[str, Any]) -> tuple[str, str] | None:
    """JSON where it is offered; everything else travels as the bytes it is."""
    contents = found.get("content", {})
    if not contents:
        return None
    if "application/json" in contents:
        return "application/json", type_of(contents["application/json"].get("schema", {}))
    return next(iter(contents)), "bytes"


def _answer(responses: dict[str, Any]) -> tuple[str, str]:
    good = next(each for status, each in sorted(responses.items()) if status.startswith("2"))
    return _content(good) or ("", "bytes")


def _class(tag: str, found: list[Operation]) -> str:
    begin = f"class {_class_name(tag)}:\n    def __init__(self, connection: Connection) -> None:\n"
    methods = "\n\n".join(indent(_method(each), "    ") for each in found)
    return f"{begin}        self._connection = connection\n\n{methods}\n"


def _class_name(tag: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"\W", tag))


def _method(each: Operation) -> str:
    media, kind = each.answer
    words = f'    """{each.words}"""\n' if each.words else ""
    decode = "json" if media == "application/json" else "content"
    return (
        f"def {each.verb}(self, {', '.join(_arguments(each))}) -> {kind}:\n"
        f"{words}"
        f"    found: {kind} = self._connection.{decode}({_request(each)}, options)\n"
        f"    return found"
    )


def _arguments(each: Operation) -> list[str]:
    placed = [f"{one.name}: {one.type}" for one in each.parameters if one.where == "path"]
    if each.body:
        placed.append(f"body: {each.body[1]}")
    named = [one for one in each.parameters if one.where != "path"]
    required = [f"{one.name}: {one.type}" for one in named if one.is_required]
    free = [f"{one.name}: {_or_none(one.type)} = None" for one in named if not one.is_required]
    if each.body and each.body[1] == "bytes":
        free.append(f"media: str = {each.body[0]!r}")
    return [*placed, "*", *required, *free, "options: Options = {}"]


def _or_none(kind: str) -> str:
    return kind if kind.endswith("None") or kind == "Any" else f"{kind} | None"


def _request(each: Operation) -> str:
    path = re.sub(r"\{(\w+)\}", r"{_at(\1)}", each.path)
    parts = [repr(each.method), ("f" if "{" in path else "") + repr(path)]
    for word, where in (("query", "query"), ("headers", "header")):
        found = [one for one in each.parameters if one.where == where]
        if found:
            pairs = ", ".join(f"{one.wire!r}: {one.name}" for one in found)
            parts.append(f"{word}={{{pairs}}}")
    if each.body:
        parts.append("body=body")
        parts.append("media=media" if each.body[1] == "bytes" else "")
    if each.is_keyed:
        parts.append("is_keyed=True")
    return f"Request({', '.join(part for part in parts if part)})"


def _client(tags: list[str]) -> str:
    rooms = "\n".join(
        f"        self.{_name(tag.replace('-', '_'))} = {_class_name(tag)}(connection)"
        for tag in tags
    )
    return (
        "class Hansa:\n"
        '    """The platform, by what it owns: `hansa.orders.place_order(...)`."""\n\n'
        "    def __init__(self, url: str, key: str) -> None:\n"
        "        connection = Connection(url, key)\n"
        "        self._connection = connection\n"
        f"{rooms}\n\n"
        '    def __enter__(self) -> "Hansa":\n'
        "        return self\n\n"
        "    def __exit__(self, *_: object) -> None:\n"
        "        self._connection.close()\n"
    )
