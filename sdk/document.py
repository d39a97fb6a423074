"""The merged document as the generators want it: one refusal, plain names, no examples."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.documents import merge
from onebox.app import OneBox
from onebox.development import development_settings

METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEM = {
    "description": "Refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def merged() -> dict[str, Any]:
    """What the gateway would answer at /openapi.json, without starting it."""
    with TemporaryDirectory(prefix="hansa-sdk-") as folder:
        box = OneBox(development_settings(Path(folder)))
        services = {name: app.openapi() for name, app in box.services.items()}
        return merge({"gateway": box.gateway.own.openapi(), **services})


def prepared(document: dict[str, Any]) -> dict[str, Any]:
    """Every refusal is the same Problem: said once per operation, the types are a third as long."""
    plain: dict[str, Any] = json.loads(_plainly_named(json.dumps(_bare(document))))
    for path in plain["paths"].values():
        for method in METHODS & path.keys():
            answers = path[method]["responses"]
            good = {status: each for status, each in answers.items() if status.startswith("2")}
            path[method]["responses"] = good | {"default": _PROBLEM}
    return plain


def _bare(part: Any, inside: str = "") -> Any:
    """Without examples and without titles that only repeat a field's name."""
    if isinstance(part, list):
        return [_bare(each) for each in part]
    if not isinstance(part, dict):
        return part
    if inside in ("properties", "schemas", "info"):  # keys here are names, not words of JSON Schema
        return {name: _bare(each) for name, each in part.items()}
    left_out = ("examples", "example", "title")
    return {word: _bare(each, word) for word, each in part.items() if word not in left_out}


def _plainly_named(text: str) -> str:
    """`Page_OrderOut_` is PageOrderOut, as each generator would name it in its own way."""
    names = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    for name in sorted(names, key=len, reverse=True):
        if "_" in name:
            plain = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
            text = text.replace(f'/schemas/{name}"', f'/schemas/{plain}"')
            text = text.replace(f'"{name}": {{', f'"{plain}": {{')
    return text
