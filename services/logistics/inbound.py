"""Webhooks that logistics takes in."""

from chassis.inbound import Processes

INBOUND: Processes = {}
