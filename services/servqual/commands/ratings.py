"""Ratings recorded, and said where they have moved."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis import jobs
from chassis.db import settings_of
from chassis.outbox import publish
from contracts.event import PLATFORM
from contracts.values import new_id
from services.servqual.domain.cards import has_moved
from services.servqual.models.evidence import Rating
from services.servqual.queries import providers as known
from services.servqual.queries import ratings

KIND = "ratings"
APART = timedelta(minutes=5)  # between two runs


def start_ratings(session: Session, at: datetime, *, nightly: bool) -> str:
    """All of them, as of now, in a child."""
    given = ratings.facts(session, at) | {"nightly": nightly}
    return jobs.start(session, KIND, PLATFORM, given)


def rate_if_due(session: Session, at: datetime) -> None:
    """The first run of a day is the nightly one; between them when there is new evidence."""
    last = ratings.last_run(session)
    if last is not None and at - last < settings_of(session).clocks.get("ratings", APART):
        return
    nightly = last is None or last.date() < at.date()
    is_due = nightly or (last is not None and ratings.has_news(session, last, at))
    if is_due and known.known_ids(session) and not ratings.is_running(session, KIND):
        start_ratings(session, at, nightly=nightly)


def record_ratings(session: Session, _: Any, result: dict[str, Any]) -> dict[str, Any]:
    """The job's report. Said: each night every one, between nights what has moved."""
    as_of = datetime.fromisoformat(result["as_of"]).astimezone(UTC)
    said = [
        provider_id
        for provider_id, card in sorted(result["cards"].items())
        if keep_rating(session, provider_id, card, as_of, nightly=result["nightly"])
    ]
    return {"as_of": result["as_of"], "rated": len(result["cards"]), "said": said}


def keep_rating(
    session: Session, provider_id: str, card: dict[str, Any], as_of: datetime, *, nightly: bool
) -> bool:
    """Whether it was said. One row a day stays as history, the newest of that day."""
    before = ratings.newest(session, provider_id)
    if before is not None and before.as_of >= as_of:
        return False
    spoken = ratings.newest(session, provider_id, said=True)
    says = nightly or has_moved(spoken.card if spoken else None, card)
    row = Rating(
        rating_id=new_id("rtg"),
        provider_id=provider_id,
        as_of=as_of,
        day=as_of.date(),
        model=card["model"],
        card=card,
        said=says,
        sequence=1 + (before.sequence if before else 0),
    )
    session.add(row)
    session.flush()
    if says:
        publish(session, ratings.rating_changed(row))
    return says


def thin_history(session: Session, before: datetime) -> None:
    """Of the time before only what was said stays."""
    session.execute(delete(Rating).where(Rating.as_of < before, Rating.said.is_(False)))
