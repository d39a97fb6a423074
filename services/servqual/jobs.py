"""The clocks of servqual: dates of documents, invitations, ratings, and what is forgotten."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis.jobs import Computation, Jobs, Schedule
from services.servqual.commands import evidence, providers, ratings, ways
from services.servqual.queries import providers as known
from services.servqual.queries import surveys

KEPT_WHOLE = timedelta(days=2)  # ratings; of the time before, those that were said
AT_ONCE = 20  # a command takes at most 50 ms


def sweep_expiries(session: Session, at: datetime) -> None:
    """Each provider once a day. Eligibility never waits for it: that is computed from the dates."""
    for provider_id in known.to_sweep(session, at.date(), AT_ONCE):
        row = known.provider(session, provider_id, lock=True)
        row.swept_on = at.date()
        providers.remind(session, row, at.date())
        ways.follow_dates(session, row, at)


def sweep_invitations(session: Session, at: datetime) -> None:
    for row in surveys.due(session, at, AT_ONCE):
        evidence.advance_invitation(session, row, at)
        session.flush()  # the next of the same person sees it


def forget_persons(session: Session, at: datetime) -> None:
    evidence.forget_persons(session, at - evidence.REMEMBERED)


def thin_history(session: Session, at: datetime) -> None:
    ratings.thin_history(session, at - KEPT_WHOLE)


JOBS: Jobs = (
    Schedule("provider expiries", timedelta(seconds=10), sweep_expiries),
    Schedule("survey invitations", timedelta(seconds=10), sweep_invitations),
    Schedule("ratings", timedelta(seconds=5), ratings.rate_if_due),
    Schedule("rating history", timedelta(days=1), thin_history),
    Computation(ratings.KIND, "services.servqual.domain.ratings:rated", ratings.record_ratings),
    Schedule("forget persons", timedelta(days=1), forget_persons),
)
