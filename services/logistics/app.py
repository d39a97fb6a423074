"""Logistics assembled."""

from chassis.app import Service
from services.logistics.api import router
from services.logistics.calls import CALLS
from services.logistics.handlers import HANDLERS
from services.logistics.inbound import INBOUND
from services.logistics.jobs import JOBS
from services.logistics.models import Base

SERVICE = Service(
    "logistics",
    router,
    Base.metadata,
    handlers=HANDLERS,
    jobs=JOBS,
    calls=CALLS,
    inbound=INBOUND,
)
