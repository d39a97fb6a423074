"""Importing shipments of the time before Hansa."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from chassis import uploads
from chassis.db import now
from chassis.jobs import Computation, Jobs
from services.logistics.commands.history import Report, record_shipments
from services.logistics.domain.history import RowError, read

LISTED = 1000


def parse_shipments(given: dict[str, Any], progress: Callable[[float], None]) -> Report:
    """Pure, in the child: every shipment, or every wrong row."""
    try:
        texts = uploads.files_of(given)
    except uploads.Unreadable as error:
        return _report([], [RowError(1, "", "unreadable", str(error))])
    if len(texts) != 1:
        return _report([], [RowError(1, "", "too_many_files", "send one CSV file")])
    progress(0.1)
    return _report(*read(next(iter(texts.values())), now()))


def _report(shipments: list[Report], errors: list[RowError]) -> Report:
    listed = [asdict(error) for error in errors[:LISTED]]
    return {"shipments": [] if errors else shipments, "errors": listed, "wrong": len(errors)}


JOBS: Jobs = (
    Computation(
        "shipment import", "services.logistics.jobs.history:parse_shipments", record_shipments
    ),
)
