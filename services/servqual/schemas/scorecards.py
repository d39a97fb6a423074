"""HTTP bodies of scorecards: null is no value, never zero."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

Interval = tuple[float, float]


class ShareOut(BaseModel):
    """Decayed `successes` of `trials`; `theta` is their posterior share."""

    model_config = ConfigDict(from_attributes=True)

    metric: str
    successes: float
    trials: float
    theta: float
    sd: float
    utility: float
    prior: float
    prior_source: str


class DimensionOut(BaseModel):
    """`survey` is S, `telemetry` T, `score` C, `reliability` B, `weighted` W C."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    survey: float | None
    survey_sd: float | None
    survey_lower: float | None
    telemetry: float | None
    telemetry_sd: float | None
    score: float | None
    sd: float | None
    reliability: float
    responses: int
    n_eff: float
    telemetry_weight: float
    disagrees: bool
    weighted: float | None
    prior: float
    prior_source: str
    shares: list[ShareOut]


class RatingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    rating: float
    sd: float
    ci95: Interval
    lcb90: float


class AskedOut(BaseModel):
    """Invitations of the last 91 days: sent, opened, answered."""

    sent: int
    opened: int
    answered: int


class ScorecardOut(BaseModel):
    """An estimate as of a time. Without evidence enough `rating` is null, never 0 and never 100."""

    provider_id: str
    title: str
    as_of: datetime
    model: str
    rating: RatingOut | None
    is_insufficient: bool
    grade: str
    survey_grade: str
    telemetry_grade: str
    n_eff: float
    trials: float
    weights: dict[str, float]
    dimensions: list[DimensionOut]
    asked: AskedOut


class PointOut(BaseModel):
    as_of: datetime
    rating: float | None
    low95: float | None
    high95: float | None
    grade: str
