"""The published language is frozen: an event may only gain optional fields."""

import importlib
import json
import os
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import contracts
from contracts.event import Event

FROZEN = Path(__file__).parent
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "events.md"


def events() -> list[type[Event]]:
    for module in pkgutil.iter_modules(contracts.__path__):
        importlib.import_module(f"contracts.{module.name}")
    published = [e for e in Event.__subclasses__() if e.__module__.startswith("contracts.")]
    return sorted(published, key=lambda event: event.name)


EVENTS = events()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_names_its_publisher_its_key_and_its_version(event: type[Event]) -> None:
    publisher, what, version = event.name.split(".")

    assert event.__module__ == f"contracts.{publisher}"
    assert event.key in event.model_fields
    assert what == what.lower()
    assert version[0] == "v"
    assert event.topic() == (f"{publisher}.state" if event.state else publisher)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_frozen_event_only_gained_optional_fields(event: type[Event]) -> None:
    """FREEZE=1 writes what is new; what is there is never rewritten by a passing run."""
    path = FROZEN / f"{event.name}.json"
    schema = event.model_json_schema()
    if not path.exists() and os.environ.get("FREEZE") == "1":
        path.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n")
    assert path.exists(), f"{event.name} is new: freeze it with FREEZE=1"
    was = json.loads(path.read_text())

    gone, changed, demanded = differences(was, schema)

    assert (gone, changed, demanded) == ([], [], [])


def differences(
    was: dict[str, Any], schema: dict[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """Fields that went, that mean something else, that are newly demanded."""
    old, new = _resolved(was), _resolved(schema)
    gone = [name for name in old if name not in new]
    changed = [name for name in old if name in new and old[name] != new[name]]
    demanded = sorted(set(schema.get("required", [])) - set(was.get("required", [])))
    return gone, changed, demanded


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(schema["properties"], sort_keys=True)
    fields: dict[str, Any] = json.loads(text)
    definitions = schema.get("$defs", {})
    for name, field in fields.items():
        used = [each for each in definitions if f'"#/$defs/{each}"' in json.dumps(field)]
        fields[name] = [field, {each: definitions[each] for each in used}]
    return fields


def test_a_field_that_goes_or_is_demanded_is_noticed() -> None:
    was = EVENTS[0].model_json_schema()
    name = next(iter(was["properties"]))
    without = {**was, "properties": {k: v for k, v in was["properties"].items() if k != name}}
    demanding = {**was, "required": [*was.get("required", []), "something_new"]}

    assert differences(was, without)[0] == [name]
    assert differences(was, demanding)[2] == ["something_new"]


def test_the_list_of_events_in_the_docs_is_the_one_in_the_code() -> None:
    """FREEZE=1 writes it anew."""
    text = listed()
    if os.environ.get("FREEZE") == "1":
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(text)
    assert DOCUMENT.read_text() == text


def listed() -> str:
    rows = [
        f"| `{event.name}` | `{event.key}` | {'state' if event.state else 'fact'} | "
        f"{'yes' if event.public else ''} | {_carries(event)} |"
        for event in EVENTS
    ]
    head = (
        "# Events\n\nGenerated from `contracts/`; every event also carries its tenant and a "
        "sequence that rises per key.\n\n"
        "| event | key | kind | public | carries |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _carries(event: type[Event]) -> str:
    own = [name for name in event.model_fields if name not in ("tenant", "sequence", event.key)]
    return ", ".join(own)
