"""`hansa`: run the platform, play its main job, mend it."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cli.client import Client, NoKeys, Refused, keys_in
from cli.imports import KINDS, OPERATORS, ImportFailed, import_file

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
keys_app = typer.Typer(no_args_is_help=True, help="Credentials.")
app.add_typer(keys_app, name="keys")
screen = Console(highlight=False)

SERVICES = ("gateway", "catalog", "orders", "logistics", "servqual", "segmentation")
Folder = Annotated[Path, typer.Option("--var", help="Databases, log and development keys.")]
VAR = Path("var")


@app.command()
def run(
    port: Annotated[int, typer.Option(help="Where the gateway listens, on 127.0.0.1.")] = 8080,
    var: Folder = VAR,
    demo: Annotated[bool, typer.Option(help="Play the main job once.")] = True,
) -> None:
    """Everything in one process on SQLite, until Ctrl-C."""
    from cli.welcome import welcome  # noqa: PLC0415 - `hansa --help` need not import the platform
    from onebox.run import PortTaken, run  # noqa: PLC0415

    try:
        run(port, var, lambda keys: welcome(screen, keys, var, play=demo))
    except PortTaken as taken:
        _give_up(str(taken))


@app.command("run-full")
def run_full(
    port: Annotated[int, typer.Option(help="Where the gateway listens, on 127.0.0.1.")] = 8080,
    var: Folder = VAR,
    demo: Annotated[bool, typer.Option(help="Play the main job once.")] = True,
) -> None:
    """One process per service, on a local PostgreSQL cluster and a local Apache Kafka."""
    from cli.welcome import welcome  # noqa: PLC0415
    from onebox.full import run_full  # noqa: PLC0415
    from onebox.local.daemon import Missing  # noqa: PLC0415
    from onebox.run import PortTaken  # noqa: PLC0415

    try:
        run_full(port, var, lambda keys: welcome(screen, keys, var, play=demo))
    except (PortTaken, Missing) as problem:
        _give_up(str(problem))


@app.command()
def demo(var: Folder = VAR) -> None:
    """Play the main job through the gateway of a running platform, step by step."""
    from cli.demo import play  # noqa: PLC0415

    with _refusals():
        play(screen, keys_in(var))


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="One of: " + ", ".join(KINDS))],
    path: Annotated[Path, typer.Argument(exists=True, help="A CSV file, or a folder of them.")],
    var: Folder = VAR,
) -> None:
    """Import a file; a file with one bad row imports nothing and lists every bad row."""
    if kind not in KINDS:
        _give_up(f"{kind!r} is none of: {', '.join(KINDS)}")
    with _refusals(), Progress(console=screen, transient=True) as bar:
        keys = keys_in(var)
        task = bar.add_task(f"{kind}: {path.name}", total=1.0)
        client = Client(keys["url"], keys["operator" if kind in OPERATORS else "secret"])
        report = import_file(client, kind, path, lambda done: bar.update(task, completed=done))
    screen.print(report.get("summary", report))


@app.command()
def parked(var: Folder = VAR) -> None:
    """List the records that were set aside, and why."""
    with _refusals():
        operator = _operator(var)
        for service in SERVICES:
            for row in operator.get(f"/{service}/parked")["data"]:
                why = row["error"] or "waits behind an earlier one of its key"
                screen.print(f"{service}  {row['id']}  {row['type']}  {row['key']}\n    {why}")


@app.command()
def replay(
    service: Annotated[str, typer.Argument(help="One of: " + ", ".join(SERVICES))],
    var: Folder = VAR,
) -> None:
    """Run a service's parked records again, per key in order."""
    with _refusals():
        report = _operator(var).post(f"/{service}/parked/replay")
        screen.print(f"{report['replayed']} records replayed")
        for key, why in report["failed"].items():
            screen.print(f"still parked: {key}: {why}")


@app.command()
def resay(
    service: Annotated[str, typer.Argument(help="One of: " + ", ".join(SERVICES))],
    var: Folder = VAR,
) -> None:
    """Let a service say all its states again, as after a restore."""
    with _refusals():
        screen.print(f"{_operator(var).post(f'/{service}/resay')['said']} states said again")


@app.command()
def doctor(var: Folder = VAR) -> None:
    """Look whether everything answers, and whether anything waits for a person."""
    from cli.doctor import examine  # noqa: PLC0415

    with _refusals():
        findings = examine(keys_in(var))
        for finding in findings:
            screen.print(finding)
    if any(finding.startswith("✗") for finding in findings):
        raise typer.Exit(1)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new folder for the copies.")],
    var: Folder = VAR,
) -> None:
    """Copy every SQLite file while the platform runs, the log last. The keys are not in it."""
    from cli.backup import NotCopied, back_up  # noqa: PLC0415

    try:
        copied = back_up(SERVICES, var, target)
    except NotCopied as why:
        _give_up(str(why))
    for name, size in copied.items():
        screen.print(f"{target / name}  {size:,} bytes")


@app.command()
def migrate() -> None:
    """Bring every database of the settings (DATABASE_URL) to the present."""
    from chassis.settings import from_environment  # noqa: PLC0415
    from onebox.app import migrate_all  # noqa: PLC0415

    migrate_all(from_environment())


@keys_app.command("create-operator")
def create_operator() -> None:
    """Make an operator's key in the gateway's database (DATABASE_URL). It is shown this once."""
    from chassis.settings import BadSetting, from_environment  # noqa: PLC0415
    from onebox.development import operator_key  # noqa: PLC0415

    try:
        screen.print(operator_key(from_environment()))
    except BadSetting as error:
        _give_up(str(error))


class _refusals:
    """What the gateway refuses ends the command with the problem's own words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, Refused | NoKeys | ImportFailed):
            _give_up(str(error))
        if type(error).__module__.startswith("httpx") and error is not None:
            _give_up(f"the gateway does not answer ({error}); is `make run` running?")


def _operator(var: Path) -> Client:
    keys = keys_in(var)
    return Client(keys["url"], keys["operator"])


def _give_up(why: str) -> None:
    sys.stderr.write(f"hansa: {why}\n")
    sys.stderr.flush()
    raise typer.Exit(1)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    app()
