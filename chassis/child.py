"""The child process of a computation: `python -m chassis.child module:function`.

One JSON line in, JSON lines out: `{"progress": 0.5}` any number of times, then `{"result": ...}`
or `{"problem": "..."}`.
"""

import importlib
import json
import sys
from typing import Any


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    compute = getattr(importlib.import_module(module), name)
    given = json.loads(sys.stdin.readline())
    try:
        _say({"result": compute(given, lambda share: _say({"progress": round(share, 4)}))})
    except Exception as error:
        _say({"problem": f"{type(error).__name__}: {error}"})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
