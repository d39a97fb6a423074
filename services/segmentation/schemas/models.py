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
Count = Annotated[int, Field(ge=1, le=10)]
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
    clusters: Count | None = Field(default=None, description="Default: chosen, and told why")
    fewest_clusters: Annotated[int, Field(ge=2, le=10)] = 2
    most_clusters: Annotated[int, Field(ge=2, le=10)] = 8
    m: Fuzzifier | None = Field(default=None, description="Default: chosen by rows and features")
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

    @model_validator(mode="after")
    def _leaves_a_choice(self) -> Self:
        if self.most_clusters < self.fewest_clusters:
            raise ValueError("most_clusters is at least fewest_clusters")
        return self

    @property
    def counts(self) -> tuple[int, ...]:
        """Of clusters, to choose from; or the one that is asked for."""
        if self.clusters is not None:
            return (self.clusters,)
        return tuple(range(self.fewest_clusters, self.most_clusters + 1))


class FitOut(JobOut):
    """The job, and the model that becomes a draft by it."""

    model_id: str


class SegmentOut(BaseModel):
    """`z`: where its centre stands among all. Quartiles are in original units.

    `found_again`: its soft Jaccard in resamples; below 0.5 it dissolves.
    """

    segment_id: str
    name: str
    mass_share: float
    value_share: float | None
    found_again: float | None = None
    z: dict[str, float]
    profile: dict[str, list[float]]


class ModelOut(BaseModel):
    model_id: str
    population: Literal["customers"]
    version: int
    status: Literal["fitting", "draft", "undivided", "published", "retired", "failed"]
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


class CandidateOut(BaseModel):
    """`xb` is compared at equal m only. `mean_rank`: of xb, fuzzy silhouette and stability."""

    clusters: int
    m: float
    indices: dict[str, float | None]
    smallest_share: float
    stability: float | None
    found_again: list[float]
    dissolves: int
    refused: list[Literal["collapsed", "small_segment", "unstable"]]
    mean_rank: float | None


class StructureOut(BaseModel):
    """`groups` only where the fuzzy silhouette exceeds that of 19 in 20 clouds without groups."""

    is_grouped: bool
    fuzzy_silhouette: float
    references: list[float]


class SelectionOut(BaseModel):
    """Why a model has as many segments as it has, or none."""

    model_id: str
    version: int
    chosen: int | None = Field(description="Null: no stable segments")
    chosen_by: Literal["platform", "merchant"]
    asked_by: str
    reason: str
    rows: int = Field(description="Subjects it was made on; of more than 5,000 a seeded sample")
    structure: StructureOut | None
    candidates: list[CandidateOut]


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
