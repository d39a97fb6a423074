"""Servqual assembled."""

from chassis.app import Service
from services.servqual.api import router
from services.servqual.handlers import HANDLERS
from services.servqual.jobs import JOBS
from services.servqual.models import Base
from services.servqual.queries.ratings import states

SERVICE = Service("servqual", router, Base.metadata, handlers=HANDLERS, jobs=JOBS, states=states)
