"""Who may import whom: the rules hold, and each is seen to fail on a planted violation."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("contracts", "chassis", "services", "gateway", "onebox", "cli")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter as `make check` runs it, on the packages in a folder."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_rules_hold() -> None:
    said = lint(ROOT)

    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("chassis/db.py", "import services.orders.models", "One box over gateway"),
        ("services/orders/queries/known.py", "import services.catalog.models", "No service knows"),
        ("services/orders/models.py", "import services.orders.commands", "Inside a service"),
        ("services/logistics/domain/stock.py", "import sqlalchemy", "Domains know no IO"),
        ("services/orders/domain/refund.py", "import chassis.db", "Domains know no IO"),
        ("contracts/orders.py", "import fastapi", "Contracts know pydantic"),
    ],
)
def test_a_planted_violation_breaks_its_rule(
    tmp_path: Path, file: str, line: str, rule: str
) -> None:
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / file
    planted.write_text(f"{planted.read_text()}\n{line}\n")

    said = lint(tmp_path)

    assert said.returncode != 0
    broken = [row for row in said.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(rule) for row in broken), said.stdout


@pytest.mark.xdist_group("full")
def test_workers_keep_groups_apart(request: pytest.FixtureRequest) -> None:
    """Else each worker would start a PostgreSQL and a Kafka of its own, and nothing would tell."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    assert alone or request.node.nodeid.endswith("@full")


def test_the_chassis_stays_within_its_budget() -> None:
    """Lines of code, as `code_lines` counts them; see docs/decisions/0005."""
    files = [path for path in (ROOT / "chassis").rglob("*.py") if "versions" not in path.parts]
    assert sum(map(code_lines, files)) <= CHASSIS_BUDGET


def test_blanks_comments_and_docstrings_are_no_code(tmp_path: Path) -> None:
    file = tmp_path / "it.py"
    file.write_text('"""A module\n\nof this."""\n\n# why\nX = 1  # so\nY = """a\nb"""\n')

    assert code_lines(file) == 3


def code_lines(path: Path) -> int:
    """Lines that are neither blank, nor a comment alone, nor of a docstring."""
    text = path.read_text()
    told = set[int]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if ast.get_docstring(node, clean=False) is not None and first is not None:
                told |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#")
        for number, line in enumerate(text.splitlines(), 1)
        if number not in told
    )


def test_no_file_is_longer_than_a_person_reads() -> None:
    """300 lines; tests 400."""
    long = {
        str(path.relative_to(ROOT)): lines
        for part in (*PARTS, "tests", "benchmarks")
        for path in (ROOT / part).rglob("*.py")
        if "versions" not in path.parts
        and (lines := len(path.read_text().splitlines())) > (400 if part == "tests" else 300)
    }

    assert long == KNOWN_LONG


CHASSIS_BUDGET = 2900
KNOWN_LONG: dict[str, int] = {}
