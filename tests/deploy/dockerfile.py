"""A Dockerfile read and replayed, as far as ours goes: stages, arguments, copies of the context."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.deploy.tools import ROOT


@dataclass
class Stage:
    """`origin` is a stage's name or an image."""

    origin: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages(text: str) -> list[Stage]:
    found: list[Stage] = []
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            origin, *named = re.split(r" AS ", rest)
            found.append(Stage(origin, named[0] if named else ""))
        elif found:
            found[-1].steps.append((word, rest))
    return found


def filled(words: str, service: str) -> str:
    return words.replace("${SERVICE}", service)


def ignored(path: str, patterns: list[str]) -> bool:
    """As the builder reads .dockerignore: the last line that matches it or a parent decides."""
    ways = ["/".join(path.split("/")[: depth + 1]) for depth in range(path.count("/") + 1)]
    verdict = False
    for line in patterns:
        pattern = line.removeprefix("!")
        loose = pattern.removeprefix("**/")
        names = [way.rsplit("/", 1)[-1] if loose != pattern else way for way in ways]
        if any(fnmatch(name, loose) and name.count("/") == loose.count("/") for name in names):
            verdict = not line.startswith("!")
    return verdict


def ignore_patterns() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def copied(all_stages: list[Stage], name: str, service: str, folder: Path) -> None:
    """Everything the stage and those it stands on copy from the context, laid into the folder."""
    stage = next(each for each in all_stages if each.name == name)
    origin = filled(stage.origin, service)
    if any(each.name == origin for each in all_stages):
        copied(all_stages, origin, service, folder)
    for word, rest in stage.steps:
        if word == "COPY" and not rest.startswith("--from"):
            *sources, target = filled(rest, service).split()
            for source in sources:
                _lay(source, folder / target.lstrip("/"), whole=not target.endswith("/"))


def _lay(source: str, target: Path, whole: bool) -> None:
    patterns, start = ignore_patterns(), ROOT / source
    paths = [start] if start.is_file() else [path for path in start.rglob("*") if path.is_file()]
    if not paths:
        raise FileNotFoundError(source)
    for path in paths:
        if ignored(str(path.relative_to(ROOT)), patterns):
            continue
        here = target / path.relative_to(start) if path != start else target
        here = here if whole or path != start else target / path.name
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, here)


def run_steps(stage: Stage) -> list[str]:
    return [rest for word, rest in stage.steps if word == "RUN"]


def ran_with(step: str, program: str, service: str, folder: Path) -> list[str]:
    """What a RUN step, carried out in the folder, would have told `program`."""
    shelf = folder / "stub"
    shelf.mkdir()
    stub = shelf / program
    stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shelf}/words\n')
    stub.chmod(0o755)
    environment = {**os.environ, "PATH": f"{shelf}:{os.environ['PATH']}", "SERVICE": service}
    subprocess.run(["/bin/sh", "-ec", step], cwd=folder, env=environment, check=True)
    return (shelf / "words").read_text().split()
