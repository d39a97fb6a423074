"""The only reader of the environment. Two URLs decide where everything lives."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


class BadSetting(ValueError):
    """A setting is missing or unusable; the text says which and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """How this process runs. Keys come newest first: the first signs, all verify."""

    database_url: str = "sqlite:///var/{service}.db"
    log_url: str = "sqlite:///var/log.db"
    identity_keys: tuple[bytes, ...] = field(default=(), repr=False)
    master_keys: tuple[bytes, ...] = field(default=(), repr=False)
    consignee_keys: tuple[bytes, ...] = field(default=(), repr=False)
    key_pepper: bytes = field(default=b"", repr=False)
    public_url: str = "http://127.0.0.1:8080"
    upstreams: Mapping[str, str] = field(default_factory=dict)
    pool_size: int = 10
    heard_wait: timedelta = timedelta(seconds=2)
    verdict_wait: timedelta = timedelta(seconds=3)
    fact_retention: timedelta = timedelta(days=30)
    log_partitions: int = 12
    log_level: str = "INFO"
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    requests_per_second: int = 100
    redis_url: str = ""  # where rate limits are counted; empty: in this process
    smtp_url: str = field(default="", repr=False)  # empty: no mail is sent
    mail_from: str = ""
    webhook_networks: tuple[str, ...] = ()  # private ones that merchants' webhooks may reach

    def database_for(self, service: str) -> str:
        return self.database_url.replace("{service}", service)


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of a running process. Raises BadSetting for a missing or malformed secret."""

    def whole(name: str, default: int) -> int:
        return int(_number(name, environment.get(name, str(default))))

    return Settings(
        **_of(environment.get, "database_url log_url log_level redis_url smtp_url mail_from"),
        **_of(whole, "pool_size log_partitions requests_per_second"),
        webhook_networks=tuple(environment.get("WEBHOOK_NETWORKS", "").replace(",", " ").split()),
        identity_keys=_keys(environment, "HANSA_IDENTITY_KEYS"),
        master_keys=_keys(environment, "HANSA_MASTER_KEYS"),
        consignee_keys=_keys(environment, "HANSA_CONSIGNEE_KEYS"),
        key_pepper=_keys(environment, "HANSA_KEY_PEPPER")[0],
        public_url=environment.get("PUBLIC_URL", Settings.public_url).rstrip("/"),
        upstreams=_by_name(environment, "UPSTREAM_"),
        heard_wait=_seconds(environment, "HEARD_WAIT_S", Settings.heard_wait),
        verdict_wait=_seconds(environment, "VERDICT_WAIT_S", Settings.verdict_wait),
        clocks={
            name: timedelta(seconds=_number(f"CLOCK_{name.upper()}", value))
            for name, value in _by_name(environment, "CLOCK_").items()
        },
    )


def _keys(environment: Mapping[str, str], name: str) -> tuple[bytes, ...]:
    """Hexadecimal keys of 32 bytes, separated by commas, the one that signs first."""
    try:
        keys = tuple(bytes.fromhex(word) for word in environment[name].split(","))
    except KeyError:
        raise BadSetting(f"{name} is not set; `make run` writes one for development") from None
    except ValueError:
        raise BadSetting(f"{name} must be hexadecimal keys separated by commas") from None
    if any(len(key) != 32 for key in keys):
        raise BadSetting(f"{name}: every key has 32 bytes, that is 64 hexadecimal digits")
    return keys


def _by_name(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix).lower(): value
        for name, value in environment.items()
        if name.startswith(prefix)
    }


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadSetting(f"{name}={text!r} is no number") from None


def _of(read: Callable[[str, Any], Any], names: str) -> dict[str, Any]:
    return {name: read(name.upper(), getattr(Settings, name)) for name in names.split()}


def _seconds(environment: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    return timedelta(seconds=_number(name, environment.get(name, str(default.total_seconds()))))
