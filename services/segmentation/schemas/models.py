"""Bodies of segment models, segments and memberships."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.operations import JobOut
from contracts.values import Currency
from services.segmentation.domain.features import NAMES

PLAIN = r"^[^\x00-\x1f\x7f]*$"
Subject = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f/]+$")]
Feature = Annotated[str, Field(max_length=40, examples=[NAMES[0]], pattern=r"^[a-z_]+$")]
Rate = Annotated[
    Decimal, Field(gt=0, lt=1_000_000, max_digits=18, decimal_places=9, examples=["0.92"])
]
Fuzzifier = Annotated[
    float, Field(gt=1.001, le=4, allow_inf_nan=False, description="m; at 1.001 use KMeans")
]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]


class NewModel(BaseModel):
    """Fits a draft. The same snapshot and parameters while a fit runs are the same job."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"population": "customers", "clusters": 3, "rates": {"USD": "0.92"}}]
        },
    )

    population: Literal["customers"] = "customers"
    cutoff: datetime | None = Field(default=None, description="Default: now; in UTC")
    known_at: datetime | None = Field(default=None, description="Default: now")
    window_days: Annotated[int, Field(ge=28, le=1830)] = 365
    clusters: Annotated[int, Field(ge=1, le=10)]
    m: Fuzzifier = 2.0
    features: Annotated[list[Feature], Field(min_length=1, max_length=40)] | None = None
    weights: Annotated[dict[Feature, Weight], Field(max_length=40)] = {}
    rates: Annotated[dict[Currency, Rate], Field(max_length=200)] = Field(
        default={}, description="What one unit of a currency is worth in the base currency"
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1

    @model_validator(mode="after")
    def _in_a_zone(self) -> Self:
        for name in ("cutoff", "known_at"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{name} needs a zone, such as Z")
        return self


class FitOut(JobOut):
    """The job, and the model that becomes a draft by it."""

    model_id: str


class SegmentOut(BaseModel):
    """`z`: where its centre stands among all. Quartiles are in original units."""

    segment_id: str
    name: str
    mass_share: float
    value_share: float | None
    z: dict[str, float]
    profile: dict[str, list[float]]


class ModelOut(BaseModel):
    model_id: str
    population: Literal["customers"]
    version: int
    status: Literal["fitting", "draft", "published", "retired", "failed"]
    job_id: str
    cutoff: datetime
    known_at: datetime
    snapshot_sha256: str
    left_out: dict[str, int] = Field(description="Who could not be counted, by reason")
    stale_subjects: int = Field(description="Of whom more was heard since")
    structure: Literal["groups", "continuum"] | None = Field(
        default=None, description="Null where it was not tested"
    )
    m: float | None = None
    stability: float | None = None
    is_collapsed: bool | None = None
    indices: dict[str, float | None] = {}
    dropped: dict[str, str] = {}
    segments: list[SegmentOut] = []
    matching: dict[str, Any] | None = None
    created_at: datetime
    published_at: datetime | None = None
    published_by: str | None = None


class Shift(BaseModel):
    psi: float
    verdict: Literal["stable", "watch", "drift"]


class DriftOut(BaseModel):
    """The subjects of now against training, by size: no test of significance raises a flag."""

    model_id: str
    version: int
    cutoff: datetime
    age_days: int
    subjects: int
    features: dict[str, Shift]
    segments: Shift
    largest_membership_then: float
    largest_membership_now: float
    distance_ks: float
    unusual_then: float
    unusual_now: float
    asks_for_refit: bool


class SegmentList(BaseModel):
    model_id: str | None
    version: int | None
    data: list[SegmentOut]


class NewName(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Regulars"}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=PLAIN)]


class NamedOut(BaseModel):
    segment_id: str
    name: str


class MembershipOut(BaseModel):
    """Shares sum to 1 and are no probabilities. `main` is null where the subject is mixed."""

    subject: str
    model_id: str
    version: int
    main: str | None
    shares: dict[str, float]
    is_mixed: bool
    is_unusual: bool
    distance: float = Field(description="Squared, to the nearest centre, in coordinates")
    parts: dict[str, float] = Field(
        description="Per feature, its part of how much farther the second centre is"
    )


class ErasedOut(BaseModel):
    erased: str


class Prediction(BaseModel):
    shares: dict[str, float]
    is_mixed: bool
    is_unusual: bool


class NewPredictions(BaseModel):
    """Rows of features in original units; none is stored."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"rows": [dict.fromkeys(NAMES, 1.0)]}]}
    )

    rows: Annotated[list[dict[Feature, Number]], Field(min_length=1, max_length=2000)]


class PredictionsOut(BaseModel):
    model_id: str
    version: int
    data: list[Prediction]
