"""What `make run` shows once all answers: the sample world, the main job, where things are."""

import time
from pathlib import Path

import httpx
from rich.console import Console

from cli import demo, sample
from cli.client import Refused
from cli.imports import ImportFailed
from cli.waiting import Stuck


def welcome(screen: Console, keys: dict[str, str], var: Path, *, play: bool) -> None:
    """In a thread of its own beside the running platform; a failure is told, and it stays up."""
    try:
        _wait_until_ready(keys["url"])
        if not sample.is_loaded(keys):
            screen.rule("sample data")
            sample.load(keys, lambda line: screen.print(f"  {line}"))
            sample.load_past(keys, var / "sample", lambda line: screen.print(f"  {line}"))
        if play:
            demo.play(screen, keys)
    except (Refused, ImportFailed, Stuck, httpx.HTTPError) as problem:
        screen.print(f"[bold red]the main job did not end:[/] {problem}")
    _say_where(screen, keys, var)


def _wait_until_ready(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/readyz", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise Stuck(f"{url}/readyz did not answer within a minute")


def _say_where(screen: Console, keys: dict[str, str], var: Path) -> None:
    url = keys["url"]
    screen.rule("running")
    screen.print(f"  API      {url}/v1        keys in {var / 'dev-keys.json'}")
    screen.print(f"  docs     {url}/docs")
    screen.print(f"  metrics  {url}/metrics")
    screen.print("  again    hansa demo      stop: Ctrl-C")
