"""Outgoing calls of logistics."""

from chassis.calls import Calls

CALLS: Calls = {}
