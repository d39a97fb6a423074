"""`docker compose up`, without an engine: the file against the compose schema and our settings."""

import importlib
import re
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.deploy.settings import fresh_secrets, understood
from tests.deploy.tools import PARTS, ROOT, SERVICES, cached, promtool

FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = FILE["services"]
OURS = [*PARTS, *(f"{part}-migrate" for part in PARTS)]


@cache
def check() -> Callable[[dict[str, Any]], object]:
    """The published schema as classes: each refuses a name that it does not know."""
    path = cached("compose_viz/spec/compose_spec.py")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(path.parent)
        module = importlib.import_module("compose_spec")
    schema = module.ComposeSpecification
    return lambda file: schema.model_validate(
        {name: value for name, value in file.items() if not name.startswith("x-")}
    )


def with_secrets(text: str, secrets: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        return secrets[name] if default is None else secrets.get(name, default)

    return re.sub(r"\$\{(\w+)(?::\?[^}]*|:-([^}]*))?\}", value, text)


def environment_of(container: str, secrets: dict[str, str]) -> dict[str, str]:
    given = CONTAINERS[container]["environment"]
    return {name: with_secrets(str(value), secrets) for name, value in given.items()}


def test_the_file_is_as_the_compose_schema_wants_it() -> None:
    check()(FILE)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("read_only: true", "readonly: true"),
        ("condition: service_healthy", "condition: healthy"),
        ("interval: 2s", "intervall: 2s"),
        ("volumes:\n  postgres:", "volume:\n  postgres:"),
    ],
)
def test_a_typo_is_caught(right: str, wrong: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert right in text

    with pytest.raises(ValueError, match="ComposeSpecification"):
        check()(yaml.safe_load(text.replace(right, wrong)))


@pytest.mark.parametrize("container", OURS)
def test_each_container_understands_all_it_is_told(container: str) -> None:
    secrets = fresh_secrets()
    settings, unknown = understood(environment_of(container, secrets))

    assert unknown == set()
    part = container.removesuffix("-migrate")
    assert secrets["POSTGRES_PASSWORD"] in settings.database_for(part)
    assert settings.database_for(part).endswith(f"@postgres:5432/{part}")
    assert settings.log_url == "kafka://kafka:9092"
    if container == "gateway":
        wanted = {name: f"http://{name}:8000" for name in SERVICES}
        assert settings.upstreams == wanted
        assert settings.redis_url == "redis://redis:6379/0"
        assert "redis" in CONTAINERS


@pytest.mark.parametrize("part", PARTS)
def test_a_service_starts_from_its_own_image_after_its_migration(part: str) -> None:
    container, migration = CONTAINERS[part], CONTAINERS[f"{part}-migrate"]

    for each in (container, migration):
        assert each["image"] == f"hansa/{part}"
        assert each["build"]["args"] == {"SERVICE": part}
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
    assert migration["command"] == ["migrate"]
    assert "command" not in container
    first = {name: how["condition"] for name, how in container["depends_on"].items()}
    assert first == {
        f"{part}-migrate": "service_completed_successfully",
        "kafka": "service_healthy",
    }
    assert migration["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_nothing_is_open_beyond_this_machine_and_data_outlives_its_container() -> None:
    ports = [port for each in CONTAINERS.values() for port in each.get("ports", ())]
    volumes = [volume for each in CONTAINERS.values() for volume in each.get("volumes", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    named = {volume.split(":")[0] for volume in volumes if not volume.startswith(".")}
    assert named == set(FILE["volumes"]) >= {"postgres", "kafka"}
    mounted = [volume.split(":")[0] for volume in volumes if volume.startswith(".")]
    assert all((ROOT / path).is_dir() for path in mounted)


def test_prometheus_scrapes_every_part_and_reads_the_rules() -> None:
    config = ROOT / "deploy/prometheus/prometheus.yml"

    said = subprocess.run(
        [promtool(), "check", "config", config], capture_output=True, text=True, check=False
    )

    assert said.returncode == 0, said.stdout + said.stderr
    scraped = yaml.safe_load(config.read_text())["scrape_configs"][0]["dns_sd_configs"][0]
    assert (set(scraped["names"]), scraped["port"]) == (set(PARTS), 8000)


def test_secrets_are_new_each_time() -> None:
    first, second = fresh_secrets(), fresh_secrets()

    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in first.values())
    assert not set(first.values()) & set(second.values())
    assert len(set(first.values())) == len(first)
