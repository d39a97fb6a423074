"""Schedules and computations of logistics, by noun."""

from chassis.jobs import Jobs
from services.logistics.jobs import history, shipping, stock, tariff, tracking

JOBS: Jobs = (*tariff.JOBS, *stock.JOBS, *shipping.JOBS, *tracking.JOBS, *history.JOBS)
