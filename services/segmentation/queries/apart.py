"""Numbers worked out in a process of their own: the service itself never imports numpy."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")
LIMIT_S = 60
_AT_ONCE = ThreadPoolExecutor(2, thread_name_prefix="calculate")


async def apart(calculate: Callable[..., Answer], *args: Any) -> Answer:
    """On a thread that waits for the process. Two at once; whoever asks then waits in line."""
    return await asyncio.get_running_loop().run_in_executor(_AT_ONCE, calculate, *args)


def computed(what: str, given: dict[str, Any]) -> Any:
    """`what` names `module:function` as a job's computation does; its progress is not heard.

    Raises ValueError with what is wrong about the input.
    """
    child = subprocess.run(  # noqa: S603 - the name is our own
        [sys.executable, "-m", "chassis.child", what],
        input=json.dumps(given) + "\n", stdout=subprocess.PIPE, text=True, timeout=LIMIT_S,
        check=False,
    )  # fmt: skip
    answers = child.stdout.splitlines()
    if not answers:
        raise RuntimeError(f"{what} ended with status {child.returncode} and no answer")
    said = json.loads(answers[-1])
    if "result" in said:
        return said["result"]
    kind, _, message = said["problem"].partition(": ")
    raise ValueError(message) if kind == "ValueError" else RuntimeError(said["problem"])
