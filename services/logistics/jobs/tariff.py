"""Schedules and computations of tariff."""

from chassis.jobs import Jobs

JOBS: Jobs = ()
