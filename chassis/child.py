"""The child process of a computation: `python -m chassis.child module:function`.

One JSON line in, JSON lines out: `{"progress": 0.5}` any number of times, then `{"result": ...}`
or `{"problem": "..."}`. What a computation prints goes to stderr and is no answer.
"""

import importlib
import json
import sys
from typing import Any


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr

    def say(what: dict[str, Any]) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    module, _, name = sys.argv[1].partition(":")
    compute = getattr(importlib.import_module(module), name)
    given = json.loads(sys.stdin.readline())
    try:
        say({"result": compute(given, lambda share: say({"progress": round(share, 4)}))})
    except Exception as error:
        say({"problem": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
