"""Facts as a rating needs them, and cards as they were computed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import FieldError, Page, PageAsked, Problem, page_of
from chassis.jobs import jobs
from contracts.event import PLATFORM, Event
from contracts.servqual import RatingChanged, Theta
from services.servqual.domain import cards
from services.servqual.domain.instrument.items import ITEMS, VERSION
from services.servqual.domain.telemetry import Conclusion, trials
from services.servqual.models.evidence import KnownShipment, Rating, Response
from services.servqual.queries import providers as known
from services.servqual.queries import surveys
from services.servqual.schemas.scorecards import (
    AskedOut,
    DimensionOut,
    PointOut,
    RatingOut,
    ScorecardOut,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(seconds=60)
_PUBLIC_NULLS = ("score", "sd", "weighted")


def days(at: datetime) -> float:
    return (at - EPOCH).total_seconds() / 86400


def facts(session: Session, at: datetime) -> dict[str, Any]:
    """Everything known as of a time, in columns; streamed out of the database."""
    providers = known.known_ids(session)
    numbers = {provider_id: number for number, provider_id in enumerate(providers)}
    lanes: dict[str, int] = {}
    return {
        "at": days(at),
        "as_of": at.isoformat(),
        "providers": providers,
        "responses": _responses(session, numbers, at),
        "trials": _trials(session, numbers, lanes, at),
        "lanes": list(lanes),
    }


def _responses(session: Session, numbers: dict[str, int], at: datetime) -> dict[str, list[Any]]:
    """Of one version only, and only what already speaks. Organisations by number, in order."""
    found = select(
        Response.provider_id,
        Response.tenant,
        Response.submitted_at,
        Response.quality,
        Response.answers,
    ).where(Response.questionnaire == VERSION, Response.speaks_at <= at)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("provider", "organisation", "day", "quality", "answers")
    }
    rows = session.execute(
        found.order_by(Response.response_id), execution_options={"yield_per": 1000}
    )
    for provider_id, tenant, submitted_at, quality, answers in rows:
        if provider_id in numbers:
            given = answers["perception"]
            columns["provider"].append(numbers[provider_id])
            columns["organisation"].append(tenant)
            columns["day"].append(days(submitted_at))
            columns["quality"].append(quality)
            columns["answers"].append([given.get(item) or 0 for item in ITEMS])
    order = {tenant: number for number, tenant in enumerate(sorted(set(columns["organisation"])))}
    columns["organisation"] = [order[tenant] for tenant in columns["organisation"]]
    return columns


def _trials(
    session: Session, numbers: dict[str, int], lanes: dict[str, int], at: datetime
) -> dict[str, list[Any]]:
    found = select(
        KnownShipment.provider_id, KnownShipment.lane, KnownShipment.ended_at, KnownShipment.told
    ).where(KnownShipment.ended_at <= at)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("provider", "lane", "metric", "day", "s", "n")
    }
    rows = session.execute(
        found.order_by(KnownShipment.shipment_id), execution_options={"yield_per": 1000}
    )
    for provider_id, lane, ended_at, told in rows:
        if provider_id not in numbers or ended_at is None:
            continue
        for each in trials(_conclusion(told)):
            columns["provider"].append(numbers[provider_id])
            columns["lane"].append(lanes.setdefault(lane, len(lanes)))
            columns["metric"].append(each.metric)
            columns["day"].append(days(ended_at))
            columns["s"].append(each.s)
            columns["n"].append(each.n)
    return columns


def _conclusion(told: dict[str, Any]) -> Conclusion:
    names = Conclusion.__dataclass_fields__.keys() - {"promised_on", "ended_on"}
    kept = {name: told[name] for name in names}
    ended_on = _day(told["ended_on"]) or _day(told["milestones"].get("delivered"))
    return Conclusion(promised_on=_day(told["promised_on"]), ended_on=ended_on, **kept)


def _day(written: str | None) -> date | None:
    """As the carrier wrote it, in the destination's calendar; None where it is no date."""
    try:
        return date.fromisoformat((written or "")[:10])
    except ValueError:
        return None


def newest(session: Session, provider_id: str, *, said: bool = False) -> Rating | None:
    found = select(Rating).where(Rating.provider_id == provider_id)
    if said:
        found = found.where(Rating.said)
    return session.scalars(found.order_by(Rating.sequence.desc()).limit(1)).first()


def last_run(session: Session) -> datetime | None:
    return session.scalar(select(func.max(Rating.as_of)))


def has_news(session: Session, since: datetime, at: datetime) -> bool:
    """A shipment heard to have ended, or a response that speaks, since then."""
    ended = select(KnownShipment.shipment_id).where(KnownShipment.heard_at > since)
    spoken = select(Response.response_id).where(
        Response.speaks_at > since, Response.speaks_at <= at
    )
    return any(session.execute(each.limit(1)).first() for each in (ended, spoken))


def is_running(session: Session, kind: str) -> bool:
    found = select(jobs.c.id).where(jobs.c.kind == kind, jobs.c.lease_until.is_not(None))
    return session.execute(found.limit(1)).first() is not None


def rating_changed(row: Rating) -> RatingChanged:
    card = row.card
    shown = None if card["is_insufficient"] else card["posterior"]
    rest = card["without_reliability"]
    return RatingChanged(
        tenant=PLATFORM,
        sequence=row.sequence,
        provider_id=row.provider_id,
        rating=shown and shown["rating"],
        sd=shown and shown["sd"],
        without_reliability=rest["rating"],
        without_reliability_sd=rest["sd"],
        dimensions={each["name"]: each["score"] for each in card["dimensions"]} if shown else {},
        on_time={lane: Theta.model_validate(each) for lane, each in card["on_time"].items()},
        loss_damage=Theta.model_validate(card["loss_damage"]),
        grade=card["grade"],
        is_insufficient=card["is_insufficient"],
        model=row.model,
        as_of=row.as_of,
    )


def states(session: Session) -> Iterator[Event]:
    """Both states of every provider, for hearers that start late."""
    yield from known.states(session)
    for provider_id in known.known_ids(session):
        row = newest(session, provider_id, said=True)
        if row is not None:
            yield rating_changed(row)


def scorecard(
    session: Session, provider_id: str, as_of: datetime | None, weights: str | None
) -> ScorecardOut:
    """The present card is read; one as of another time is computed again from the facts."""
    provider = known.provider(session, provider_id)
    own = _weights(weights)
    at, card = _card(session, provider_id, as_of)
    used = own or cards.default_weights(card)
    hidden = card["is_insufficient"]
    asked = surveys.asked(session, provider_id, at)
    return ScorecardOut(
        provider_id=provider_id,
        title=provider.title,
        as_of=at,
        model=card["model"],
        rating=None if hidden else RatingOut.model_validate(cards.reweighed(card, used)),
        is_insufficient=hidden,
        grade=card["grade"],
        survey_grade=card["survey_grade"],
        telemetry_grade=card["telemetry_grade"],
        n_eff=card["n_eff"],
        trials=card["trials"],
        weights=used,
        dimensions=[_dimension(each, used, hidden) for each in card["dimensions"]],
        asked=AskedOut(sent=asked.sent, opened=asked.opened, answered=asked.answered),
    )


def _dimension(found: dict[str, Any], weights: dict[str, float], hidden: bool) -> DimensionOut:
    shown = found | {"weighted": weights[found["name"]] / 100.0 * found["score"]}
    if hidden:
        shown |= dict.fromkeys(_PUBLIC_NULLS)
    return DimensionOut.model_validate(shown)


def _weights(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    try:
        return cards.weights_from(text)
    except cards.WeightsWrong as error:
        fault = FieldError(pointer="weights", code="weights", message=str(error))
        raise Problem(422, "invalid", str(error), [fault]) from error


def _card(
    session: Session, provider_id: str, as_of: datetime | None
) -> tuple[datetime, dict[str, Any]]:
    if as_of is None:
        row = newest(session, provider_id)
        if row is not None:
            return row.as_of, row.card
    at = as_of or now()
    if at > now() + CLOCKS_DIFFER:
        message = "nothing is known of a time to come"
        fault = FieldError(pointer="as_of", code="future", message=message)
        raise Problem(422, "invalid", message, [fault])
    # Imported where it is used: only a card of another day needs numpy in this process.
    from services.servqual.domain.ratings import cards as computed  # noqa: PLC0415

    return at, computed(facts(session, at))[provider_id]


def history(session: Session, provider_id: str, asked: PageAsked) -> Page[PointOut]:
    known.provider(session, provider_id)
    wanted = select(Rating).where(Rating.provider_id == provider_id)
    rows, following = page_of(session, wanted, Rating.rating_id, asked)
    return Page(data=[_point(row) for row in rows], next_cursor=following)


def _point(row: Rating) -> PointOut:
    found = None if row.card["is_insufficient"] else row.card["posterior"]
    return PointOut(
        as_of=row.as_of,
        rating=found and found["rating"],
        low95=found and found["ci95"][0],
        high95=found and found["ci95"][1],
        grade=row.card["grade"],
    )
