"""Schedules and computations of shipping."""

from chassis.jobs import Jobs

JOBS: Jobs = ()
