"""The one clock (an order whose deadline has passed hears so), and importing past orders."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import uploads
from chassis.db import now
from chassis.jobs import Computation, Jobs, Schedule
from services.orders import queries
from services.orders.commands import advance, erasing
from services.orders.commands.history import Report, record_history
from services.orders.domain.history import RowError, read
from services.orders.domain.saga import Fact, Heard, Status

AT_ONCE = 20  # a command takes at most 50 ms
LISTED = 1000


def cancel_what_stalls(session: Session, at: datetime) -> None:
    for order_id, status in queries.due(session, at, AT_ONCE):
        fact = Fact(Heard.DEADLINE, waited_in=Status(status))
        advance.hear(session, order_id, fact, reason="deadline")


def parse_history(given: dict[str, Any], progress: Callable[[float], None]) -> Report:
    """Pure, in the child: whole orders, or every wrong row."""
    try:
        texts = uploads.files_of(given)
    except uploads.Unreadable as error:
        return _report([], [RowError(1, "", "unreadable", str(error))])
    if len(texts) != 1:
        return _report([], [RowError(1, "", "too_many_files", "send one CSV file")])
    progress(0.1)
    return _report(*read(next(iter(texts.values())), now()))


def _report(orders: list[Report], errors: list[RowError]) -> Report:
    listed = [asdict(error) for error in errors[:LISTED]]
    return {"orders": [] if errors else orders, "errors": listed, "wrong": len(errors)}


JOBS: Jobs = (
    Schedule("order deadlines", timedelta(seconds=1), cancel_what_stalls),
    Schedule("forget erased buyers", timedelta(minutes=10), erasing.forget_erased),
    Computation("order import", "services.orders.jobs:parse_history", record_history),
)
