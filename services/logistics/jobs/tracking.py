"""Schedules of tracking."""

from datetime import timedelta

from chassis.jobs import Jobs, Schedule
from services.logistics.commands.tracking import take_early_scans

JOBS: Jobs = (Schedule("early scans", timedelta(hours=1), take_early_scans),)
