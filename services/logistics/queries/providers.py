"""What servqual has said of providers: who may carry, and how well each does it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.servqual import RatingChanged
from services.logistics.models.shipping import KnownRating


def ratings(session: Session) -> dict[str, RatingChanged]:
    """By provider; of whom nothing was heard is absent."""
    found = select(KnownRating.provider_id, KnownRating.said)
    return {name: RatingChanged.model_validate_json(said) for name, said in session.execute(found)}
