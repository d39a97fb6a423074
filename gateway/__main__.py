"""`python -m gateway serve`: the door in its own process, the services behind proxies."""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis import run
from chassis.settings import BadSetting, Settings, from_environment
from chassis.telemetry import log_json
from gateway.app import SERVICE, create_gateway
from gateway.proxy import Proxy
from gateway.routes import SERVICES


class Alone:
    """The gateway without the services: where they are is in UPSTREAM_CATALOG and its like."""

    def __init__(self, settings: Settings) -> None:
        missing = [name for name in SERVICES if name not in settings.upstreams]
        if missing:
            names = ", ".join(f"UPSTREAM_{name.upper()}" for name in missing)
            raise BadSetting(f"{names} not set; each is a service's address, http://host:port")
        self._proxies = {name: Proxy(settings.upstreams[name]) for name in SERVICES}
        self._door = create_gateway(settings, self._proxies)
        self._lifespan: ASGIApp = Starlette(lifespan=self._running)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._lifespan if scope["type"] == "lifespan" else self._door)(scope, receive, send)

    @asynccontextmanager
    async def _running(self, _: Starlette) -> AsyncIterator[None]:
        async with self._door.own.router.lifespan_context(self._door.own):
            yield
        for proxy in self._proxies.values():
            await proxy.close()


def main() -> None:
    if sys.argv[1:2] != ["serve"]:
        return run.main(SERVICE, "gateway")
    parser = argparse.ArgumentParser(prog="gateway", description=__doc__)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    try:
        settings = from_environment()
        app = Alone(settings)
    except BadSetting as error:
        sys.exit(f"gateway: {error}")
    log_json(settings.log_level)
    run.server(app, host=given.host, port=given.port).run()
    return None


if __name__ == "__main__":
    main()
