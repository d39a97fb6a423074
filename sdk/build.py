"""Both clients out of the platform's own document: `python -m sdk.build FOLDER` (`make sdk`).

Nothing made here is kept in the repository, so nothing there can be stale.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from onebox.local.daemon import Missing
from sdk.document import merged, prepared
from sdk.operations import keyed_paths, module

HERE = Path(__file__).resolve().parent
UV = HERE.parent / ".tools" / "bin" / "uv"
_TYPES = (
    "--input-file-type=openapi", "--output-model-type=typing.TypedDict",
    "--target-python-version=3.11", "--disable-timestamp", "--formatters=builtin",
)  # fmt: skip


def python(document: dict[str, Any], into: Path) -> Path:
    """The package `hansa_client` and its pyproject.toml, in a folder fit for the path."""
    if not UV.exists():
        raise Missing("uv", "make .tools/bin/uv")
    shutil.copytree(HERE / "python", into, dirs_exist_ok=True, ignore=_ignored)
    package = into / "hansa_client"
    source = into / "openapi.json"
    source.write_text(json.dumps(document))
    constraints = str(HERE / "python-tools.txt")
    tool = (str(UV), "tool", "run", "--quiet", "--constraints", constraints)
    made = f"--output={package / 'types.py'}"
    _run(
        *tool, "--from", "datamodel-code-generator", "datamodel-codegen",
        f"--input={source}", made, *_TYPES, at=into,
    )  # fmt: skip
    (package / "api.py").write_text(module(document))
    source.unlink()
    return into


def typescript(document: dict[str, Any], into: Path) -> Path:
    """The npm package compiled, in a folder that may be installed or packed."""
    tools = _npm_packages()
    shutil.copytree(HERE / "typescript", into, dirs_exist_ok=True, ignore=_ignored)
    if not (into / "node_modules").exists():
        (into / "node_modules").symlink_to(tools)
    source = into / "openapi.json"
    source.write_text(json.dumps(document))
    optional = "--default-non-nullable=false"  # what has a default may be left out
    made = ("-o", "src/schema.ts")
    _run(_tool(tools, "openapi-typescript"), source.name, *made, optional, at=into)
    paths = json.dumps(sorted(set(keyed_paths(document))), indent=2)
    words = "/** What the platform does once per Idempotency-Key. */"
    (into / "src" / "keyed.ts").write_text(f"{words}\nexport const keyed = new Set({paths});\n")
    _run(_tool(tools, "tsc"), "--project", ".", at=into)
    source.unlink()
    return into


def _npm_packages() -> Path:
    """As the lock file says; fetched once."""
    found = HERE / "typescript" / "node_modules"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing("Node.js", "install Node.js 20 or newer with npm")
    if not (found / ".package-lock.json").exists():  # npm writes it last
        try:
            _run("npm", "ci", "--no-audit", "--no-fund", at=HERE / "typescript")
        except RuntimeError as error:
            raise Missing("npm packages of sdk/typescript", f"npm ci there; {error}") from error
    return found


def _tool(tools: Path, name: str) -> str:
    return str(tools / ".bin" / name)


def _run(*command: str, at: Path) -> None:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _ignored(_: str, names: list[str]) -> set[str]:
    return {"node_modules", "dist", "__pycache__", ".gitignore"} & set(names)


def main(folder: str) -> None:
    document = prepared(merged())
    for build, name in ((python, "python"), (typescript, "typescript")):
        print(build(document, Path(folder).absolute() / name))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
