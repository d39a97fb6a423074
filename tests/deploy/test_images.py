"""Each image holds one service only, and starts: the Dockerfile replayed without a builder."""

import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from onebox.local.daemon import Daemon
from onebox.local.ports import free_ports
from tests.deploy.dockerfile import copied, ignore_patterns, ignored, ran_with, run_steps, stages
from tests.deploy.tools import PARTS, ROOT, SERVICES, hadolint, uv

STAGES = stages((ROOT / "Dockerfile").read_text())
KEY = "0" * 64
KEYS = ("HANSA_IDENTITY_KEYS", "HANSA_MASTER_KEYS", "HANSA_CONSIGNEE_KEYS", "HANSA_KEY_PEPPER")
SETTINGS = dict.fromkeys(KEYS, KEY) | {
    f"UPSTREAM_{name.upper()}": "http://127.0.0.1:9" for name in SERVICES
}


def laid_out(service: str, folder: Path) -> Path:
    """The folder /hansa of the image, its environment beside it."""
    copied(STAGES, "code", service, folder / "hansa")
    _link_packages(service, folder)
    return folder / "hansa"


def _link_packages(service: str, folder: Path) -> None:
    """Only what the image's `uv sync` would install, out of this environment."""
    building = folder / "build"
    building.mkdir()
    copied(STAGES, "environment", service, building)
    environment = next(stage for stage in STAGES if stage.name == "environment")
    sync, *words = ran_with(run_steps(environment)[-1], "uv", service, building)
    assert sync == "sync"
    words = ["--no-emit-project" if word == "--no-install-project" else word for word in words]
    listed = subprocess.run(
        [uv(), "export", "--offline", "--no-hashes", "--no-annotate", "--no-header", *words],
        cwd=building,
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "packages").mkdir()
    for wanted in map(Requirement, listed.stdout.splitlines()):
        if wanted.marker is None or wanted.marker.evaluate():
            _link(wanted.name, folder / "packages")


def _link(distribution: str, shelf: Path) -> None:
    installed = metadata.distribution(distribution)
    for top in {path.parts[0] for path in installed.files or () if path.parts[0] != ".."}:
        if top != "__pycache__" and not (shelf / top).exists():
            (shelf / top).symlink_to(Path(str(installed.locate_file(top))))


def start(service: str, *words: str) -> list[str]:
    module = service if service == "gateway" else f"services.{service}"
    return [sys.executable, "-S", "-m", module, *words]


def environment_of(image: Path, state: Path) -> dict[str, str]:
    urls = {
        "DATABASE_URL": f"sqlite:///{state}/{{service}}.db",
        "LOG_URL": f"sqlite:///{state}/log.db",
    }
    paths = {"PYTHONPATH": f"{image}:{image.parent / 'packages'}", "PYTHONDONTWRITEBYTECODE": "1"}
    return {"PATH": os.environ["PATH"], **SETTINGS, **urls, **paths}


@pytest.mark.parametrize("service", PARTS)
def test_an_image_holds_one_service_and_starts_from_it_alone(service: str, tmp_path: Path) -> None:
    image = laid_out(service, tmp_path)
    before = sorted(image.rglob("*"))
    environment = environment_of(image, tmp_path / "state")
    port = free_ports(1)[0]

    migrated = subprocess.run(
        start(service, "migrate"),
        cwd=image, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert migrated.returncode == 0, migrated.stderr
    words = start(service, "serve", "--port", str(port))
    server = Daemon(words, tmp_path / "words", cwd=image, env=environment)
    try:
        server.wait_until(lambda: _answers(port))
        ready = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).json()
    finally:
        server.end(signal.SIGTERM)

    assert ready == {"status": "ready", "service": service}
    own = {"gateway"} if service == "gateway" else {"services"}
    assert {path.name for path in image.iterdir()} == {"contracts", "chassis"} | own
    if service != "gateway":
        assert {path.name for path in (image / "services").iterdir()} == {"__init__.py", service}
    assert sorted(image.rglob("*")) == before, "a read-only root would not do"


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        time.sleep(0.1)
        return False


def test_an_image_that_lacks_a_package_does_not_start(tmp_path: Path) -> None:
    image = laid_out("logistics", tmp_path)
    (tmp_path / "packages" / "holidays").unlink()

    said = subprocess.run(
        start("logistics", "--help"),
        cwd=image, env=environment_of(image, tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "No module named 'holidays'" in said.stderr


def test_the_last_stage_is_not_root_and_starts_its_service(tmp_path: Path) -> None:
    last = dict(STAGES[-1].steps)

    assert last["USER"] == "10001:10001"
    assert last["ENTRYPOINT"] == '["start"]'
    assert "healthz" in last["HEALTHCHECK"]
    making = run_steps(STAGES[-1])[0].replace("/usr/local/bin/start", f"{tmp_path}/start")
    for service, module in [("gateway", "gateway"), ("orders", "services.orders")]:
        folder = tmp_path / service
        folder.mkdir()
        copied(STAGES, "code", service, folder)
        subprocess.run(
            ["/bin/sh", "-ec", making],
            cwd=folder,
            env={**os.environ, "SERVICE": service},
            check=True,
        )
        assert f"exec python -m {module} " in (tmp_path / "start").read_text()


def test_the_builder_is_sent_nothing_that_no_stage_copies() -> None:
    patterns = ignore_patterns()

    assert ignored(".git", patterns)
    assert ignored("var/dev-keys.json", patterns)
    assert not ignored("services/orders/api.py", patterns)
    assert ignored("services/orders/__pycache__/api.pyc", patterns)
    assert ignored("services/catalog/sample/products.csv", patterns)


def test_the_dockerfile_passes_its_linter(tmp_path: Path) -> None:
    said = subprocess.run(
        [hadolint(), "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    careless = tmp_path / "Dockerfile"
    careless.write_text("FROM python:latest\nRUN pip install uv\n")
    caught = subprocess.run([hadolint(), careless], capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stdout
    assert "DL3007" in caught.stdout
