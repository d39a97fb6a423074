"""The gateway assembled: its own service, and the door before all of them."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from chassis.app import Service, create_app
from chassis.log import Log
from chassis.settings import Settings
from gateway import documents, queries
from gateway.api import router
from gateway.door import Door
from gateway.models import Base

SERVICE = Service("gateway", router, Base.metadata, states=queries.states)


def create_gateway(
    settings: Settings, upstreams: Mapping[str, ASGIApp], log: Log | None = None
) -> Door:
    """Upstreams by service name: the apps themselves, or proxies to them."""
    own = create_app(SERVICE, settings, log)
    own.state.upstreams = dict(upstreams)
    own.include_router(documents.router)
    return Door(own, upstreams, settings)
