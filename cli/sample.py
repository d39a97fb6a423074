"""The sample world, loaded once through the gateway as a merchant would load a real one."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import services.catalog
import services.logistics
from cli import providers, world
from cli.client import Client, Refused
from cli.imports import OPERATORS, import_file
from cli.waiting import until

_CATALOG = Path(str(services.catalog.__file__)).parent / "sample"
_LOGISTICS = Path(str(services.logistics.__file__)).parent / "sample"
FILES = (
    ("tariff", _LOGISTICS / "tariff"),
    ("markets", _CATALOG / "markets.csv"),
    ("products", _CATALOG / "products.csv"),
    ("listings", _CATALOG / "listings.csv"),
    ("rates", _LOGISTICS / "rates"),
    ("stock", _LOGISTICS / "stock"),
)


def load(keys: dict[str, str], told: Callable[[str], None]) -> None:
    """Tells each file's report. A file that was imported before changes nothing."""
    merchant, operator = (Client(keys["url"], keys[name]) for name in ("secret", "operator"))
    for kind, path in FILES:
        report = import_file(operator if kind in OPERATORS else merchant, kind, path, _quiet)
        told(f"{kind}: {report.get('summary', report)}")
    merchant.close()
    operator.close()


def load_past(keys: dict[str, str], folder: Path, told: Callable[[str], None]) -> None:
    """The providers approved; a year of orders of 300 buyers, and who carried them, imported."""
    providers.qualify(keys, told)
    merchant = Client(keys["url"], keys["secret"])
    for kind, path in zip(
        ("orders", "shipments"), world.write(folder, datetime.now(UTC).date()), strict=True
    ):
        told(f"{kind}: {import_file(merchant, kind, path, _quiet)['summary']}")
    rated = [_rating(merchant, each) for each in providers.TITLES]
    told(f"ratings: {', '.join(rated)}")
    merchant.close()


def _rating(client: Client, provider_id: str) -> str:
    card = until(
        lambda: client.get(f"/scorecards/{provider_id}"),
        lambda found: found["rating"] is not None,
        f"{provider_id} was not rated",
    )
    return f"{card['title']} {card['rating']['rating']:.0f}"


def is_loaded(keys: dict[str, str]) -> bool:
    client = Client(keys["url"], keys["secret"])
    try:
        return bool(client.get("/products", limit=1)["data"])
    except Refused:
        return False
    finally:
        client.close()


def _quiet(_: float) -> None:
    """The sample files are small."""
