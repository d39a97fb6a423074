"""One process: the gateway and every service in one event loop, over one log."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.app import Service, create_app
from chassis.log import open_log
from chassis.migrate import migrate
from chassis.settings import Settings
from gateway.app import SERVICE as GATEWAY
from gateway.app import create_gateway
from services.catalog.app import SERVICE as CATALOG
from services.logistics.app import SERVICE as LOGISTICS
from services.orders.app import SERVICE as ORDERS
from services.segmentation.app import SERVICE as SEGMENTATION
from services.servqual.app import SERVICE as SERVQUAL

SERVICES: tuple[Service, ...] = (CATALOG, ORDERS, LOGISTICS, SERVQUAL, SEGMENTATION)
PACKAGES = {
    "gateway": "gateway",
    **{service.name: f"services.{service.name}" for service in SERVICES},
}


def migrate_all(settings: Settings) -> None:
    for name, package in PACKAGES.items():
        migrate(package, settings.database_for(name))


class OneBox:
    """An ASGI app: requests go through the door, the lifespan starts and stops every part."""

    def __init__(self, settings: Settings) -> None:
        self._log = open_log(settings.log_url, settings.log_partitions, settings.fact_retention)
        self.services = {
            service.name: create_app(service, settings, self._log) for service in SERVICES
        }
        self.gateway = create_gateway(settings, self.services, self._log)
        self._lifespan: ASGIApp = Starlette(lifespan=self._running)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self.gateway(scope, receive, send)

    @asynccontextmanager
    async def _running(self, _: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(self._log.close)
            for app in (self.gateway.own, *self.services.values()):
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield


__all__ = ["GATEWAY", "SERVICES", "OneBox", "migrate_all"]
