"""Every public event of the published language, by name."""

from importlib import import_module
from pkgutil import iter_modules

import contracts
from contracts.event import Event

for _module in iter_modules(contracts.__path__):
    import_module(f"contracts.{_module.name}")

PUBLIC: dict[str, type[Event]] = {
    event.name: event
    for event in sorted(Event.__subclasses__(), key=lambda each: getattr(each, "name", ""))
    if event.public and event.__module__.startswith("contracts.")
}
