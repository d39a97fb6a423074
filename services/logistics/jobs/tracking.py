"""Schedules and computations of tracking."""

from chassis.jobs import Jobs

JOBS: Jobs = ()
