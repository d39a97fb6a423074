"""The one clock: an order whose deadline has passed hears so."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis.jobs import Jobs, Schedule
from services.orders import queries
from services.orders.commands import advance
from services.orders.domain.saga import Fact, Heard, Status

AT_ONCE = 20  # a command takes at most 50 ms


def cancel_what_stalls(session: Session, at: datetime) -> None:
    for order_id, status in queries.due(session, at, AT_ONCE):
        fact = Fact(Heard.DEADLINE, waited_in=Status(status))
        advance.hear(session, order_id, fact, reason="deadline")


JOBS: Jobs = (Schedule("order deadlines", timedelta(seconds=1), cancel_what_stalls),)
