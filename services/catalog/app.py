"""Catalog assembled."""

from chassis.app import Service
from services.catalog import queries
from services.catalog.api import router
from services.catalog.handlers import HANDLERS
from services.catalog.jobs import JOBS
from services.catalog.models import Base

SERVICE = Service(
    "catalog", router, Base.metadata, handlers=HANDLERS, jobs=JOBS, states=queries.states
)
