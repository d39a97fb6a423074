"""The gateway assembled: its own service, courier and postman, and the door before all of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from chassis.app import Service, create_app
from chassis.log import Log
from chassis.settings import Settings
from gateway import documents, queries
from gateway.adapters.mail import PostOffice
from gateway.adapters.receiver import Receiver
from gateway.api import router
from gateway.courier import Courier
from gateway.door import Door
from gateway.handlers import HANDLERS
from gateway.jobs import JOBS
from gateway.models import Base
from gateway.outside import allowed_networks, mail_sender, mail_server
from gateway.postman import postman

SERVICE = Service(
    "gateway", router, Base.metadata, handlers=HANDLERS, jobs=JOBS, states=queries.states
)


def create_gateway(
    settings: Settings, upstreams: Mapping[str, ASGIApp], log: Log | None = None
) -> Door:
    """Upstreams by service name: the apps themselves, or proxies to them."""
    own = create_app(SERVICE, settings, log)
    own.state.upstreams = dict(upstreams)
    own.include_router(documents.router)
    door = Door(own, upstreams, settings)
    _live_with(own, door, settings)
    return door


def _live_with(own: FastAPI, door: Door, settings: Settings) -> None:
    """Courier and postman run while the service does; the door lets go of Redis when it ends."""
    living = own.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(living(app))
            stack.push_async_callback(door.limits.close)
            receiver = Receiver(allowed_networks(settings))
            await stack.enter_async_context(Courier(app.state.db, receiver))
            if server := mail_server(settings):
                office = PostOffice(server, mail_sender(settings))
                await stack.enter_async_context(postman(app.state.db, office))
            yield

    own.router.lifespan_context = lifespan
