"""Waiting for what must come about."""

import json
import time
from collections.abc import Callable
from typing import Any

WITHIN_S = 120.0


class Stuck(Exception):
    """A step did not come about; the text says which."""


def until(
    look: Callable[[], Any],
    enough: Callable[[Any], bool],
    otherwise: str,
    *,
    may_fail: bool = False,
) -> Any:
    """What `look` gives once it is enough; None in time where it `may_fail`, else Stuck."""
    deadline = time.monotonic() + WITHIN_S
    while not enough(found := look()):
        if time.monotonic() > deadline:
            if may_fail:
                return None
            raise Stuck(f"{otherwise} within {WITHIN_S:.0f} s: {json.dumps(found)[:500]}")
        time.sleep(0.1)
    return found
