"""The programs that docs/sdk.md prints, checked and run as they stand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def printed(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "sdk.md").read_text(), re.S)
    assert len(found) == 1
    program: str = found[0]
    return program


def run(*command: str | Path, at: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=at, env={**os.environ, **env}, capture_output=True, text=True, check=False,
        timeout=240,
    )  # fmt: skip


def mypy(package: Path, *programs: Path) -> str:
    """What is wrong with each; empty where they are right."""
    checked = run(
        Path(sys.executable).with_name("mypy"), "--strict", "--config-file=", "--no-error-summary",
        f"--cache-dir={package / '.mypy'}", *programs, at=programs[0].parent,
        MYPYPATH=str(package),
    )  # fmt: skip
    return checked.stdout + checked.stderr


def installed(package: Path, folder: Path) -> Path:
    """A folder of someone's own project, in which the npm package is installed."""
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "hansa-client").symlink_to(package)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": _STRICT}))
    return folder


def tsc(package: Path, folder: Path) -> str:
    """Compiles what is there beside itself; what is wrong with each, empty where all is right."""
    checked = run(package / "node_modules" / ".bin" / "tsc", "--project", ".", at=folder)
    return checked.stdout + checked.stderr


_STRICT = {
    "strict": True, "target": "es2022", "module": "nodenext", "skipLibCheck": True, "types": [],
    "lib": ["es2023", "dom", "dom.iterable"],
}  # fmt: skip
