"""Schedules and computations of stock."""

from chassis.jobs import Jobs

JOBS: Jobs = ()
