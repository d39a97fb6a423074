"""Webhooks that logistics takes in."""

from chassis.inbound import Processes
from services.logistics.commands.tracking import process

INBOUND: Processes = {"carrier": process}
