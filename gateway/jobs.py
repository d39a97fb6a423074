"""The gateway's clock."""

from datetime import timedelta

from chassis.jobs import Jobs, Schedule
from gateway.commands import notifying, telling

JOBS: Jobs = (
    Schedule("prune webhook deliveries", timedelta(minutes=1), telling.prune_deliveries),
    Schedule("prune notifications", timedelta(minutes=10), notifying.prune_notifications),
)
