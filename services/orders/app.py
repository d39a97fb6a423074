"""Orders assembled."""

from chassis.app import Service
from services.orders.api import router
from services.orders.calls import CALLS
from services.orders.commands.webhooks import process_payment_webhook
from services.orders.handlers import HANDLERS
from services.orders.jobs import JOBS
from services.orders.models import Base

SERVICE = Service(
    "orders",
    router,
    Base.metadata,
    handlers=HANDLERS,
    jobs=JOBS,
    calls=CALLS,
    inbound={"payment": process_payment_webhook},
)
