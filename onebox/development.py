"""What a development start needs and a production one brings along: secrets, keys, sample data."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from chassis.caller import Caller
from chassis.db import Database
from chassis.settings import Settings, from_environment
from contracts.event import PLATFORM
from contracts.values import new_id
from gateway import commands
from gateway.schemas import NewKey, NewMerchant

_SECRETS = (
    "HANSA_IDENTITY_KEYS",
    "HANSA_MASTER_KEYS",
    "HANSA_CONSIGNEE_KEYS",
    "HANSA_KEY_PEPPER",
)
_US = Caller("operator", PLATFORM)
# Surveys go out at once and speak at once, so that a newcomer sees what they move.
CLOCKS = {
    "CLOCK_SURVEY_WAIT": "0",
    "CLOCK_SURVEY_APART": "0",
    "CLOCK_SURVEY_SPEAKS": "0",
    "CLOCK_RATINGS": "5",
}


def development_settings(folder: Path, **changed: str) -> Settings:
    """Settings of the environment, the folder's secrets filled in; they are made once."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _secrets_of(folder / "dev-secrets.env")
    urls = {
        "DATABASE_URL": f"sqlite:///{folder}/{{service}}.db",
        "LOG_URL": f"sqlite:///{folder}/log.db",
    }
    return from_environment({**CLOCKS, **urls, **known, **os.environ, **changed})


def _secrets_of(path: Path) -> dict[str, str]:
    if not path.exists():
        made = "".join(f"{name}={secrets.token_hex(32)}\n" for name in _SECRETS)
        write_private(path, made)
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_private(path: Path, text: str) -> None:
    """Readable by its owner only, and never half-written."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.rename(path)


def keys_of(folder: Path, settings: Settings, url: str) -> dict[str, str]:
    """The sample merchant's keys, made at the first start, with the present address."""
    path = folder / "dev-keys.json"
    known = json.loads(path.read_text()) if path.exists() else _make_keys(settings)
    if known.get("url") != url:
        known["url"] = url
        write_private(path, json.dumps(known, indent=1) + "\n")
    return {str(name): str(value) for name, value in known.items()}


def _make_keys(settings: Settings) -> dict[str, Any]:
    db = Database(settings.database_for("gateway"), settings)
    try:
        new = NewMerchant(
            title="Teehaus Bremen", base_currency="EUR", countries=["DE"], languages=["de", "en"]
        )
        merchant = db.submit(commands.create_merchant, new).result()
        wanted = {
            "publishable": NewKey(kind="storefront", merchant_id=merchant.merchant_id),
            "secret": NewKey(kind="merchant", merchant_id=merchant.merchant_id),
            "provider": NewKey(
                kind="provider", provider_id=new_id("prv"), serves=[merchant.merchant_id]
            ),
            "operator": NewKey(kind="operator"),
        }
        shown = {
            name: db.submit(commands.create_key, _US, key).result().secret
            for name, key in wanted.items()
        }
        return {**shown, "merchant_id": merchant.merchant_id}
    finally:
        db.close()


def operator_key(settings: Settings) -> str:
    """A new operator's key, made in the gateway's own database."""
    db = Database(settings.database_for("gateway"), settings)
    try:
        return db.submit(commands.create_key, _US, NewKey(kind="operator")).result().secret
    finally:
        db.close()
