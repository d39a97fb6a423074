"""Segmentation assembled."""

from chassis.app import Service
from services.segmentation.api import router
from services.segmentation.handlers import HANDLERS
from services.segmentation.jobs import JOBS
from services.segmentation.models import Base
from services.segmentation.queries import offers

SERVICE = Service(
    "segmentation", router, Base.metadata, handlers=HANDLERS, jobs=JOBS, states=offers.states
)
