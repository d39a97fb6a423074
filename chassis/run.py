"""`python -m services.<name> serve | migrate | replay | resay`: one service in its own process."""

import argparse
import gc
import sys
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from chassis import consume
from chassis.app import Service, create_app
from chassis.db import Database
from chassis.migrate import migrate
from chassis.outbox import resay
from chassis.settings import BadSetting, Settings, from_environment
from chassis.telemetry import log_json


def main(service: Service, package: str) -> None:
    """Every service's __main__ is this one call."""
    parser = argparse.ArgumentParser(prog=package, description=f"The {service.name} service")
    parser.add_argument("command", choices=["serve", "migrate", "replay", "resay"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    try:
        settings = from_environment()
    except BadSetting as error:
        sys.exit(f"{package}: {error}")
    log_json(settings.log_level)
    if given.command == "serve":
        serve(service, settings, given.host, given.port)
    elif given.command == "migrate":
        migrate(package, settings.database_for(service.name))
    else:
        _mend(given.command, service, settings)


def serve(service: Service, settings: Settings, host: str, port: int) -> None:
    server(create_app(service, settings), host=host, port=port).run()


def server(app: ASGIApp, **how: Any) -> uvicorn.Server:
    """What was built by now stays: the garbage collector does not look through it again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # the usual 700 cost a quarter of an order's CPU
    how |= {"log_config": None, "access_log": False, "server_header": False}
    # Connections are kept longer than the gateway's pool keeps one idle.
    return uvicorn.Server(uvicorn.Config(app, timeout_keep_alive=75, **how))


def _mend(command: str, service: Service, settings: Settings) -> None:
    db = Database(settings.database_for(service.name), settings)
    try:
        if command == "replay":
            print(consume.replay_all(db, service.name, service.handlers))  # noqa: T201
        elif service.states is not None:
            print(db.submit(resay, service.states).result())  # noqa: T201
    finally:
        db.close()
