"""Bodies of calculations on rows given inline."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.segmentation.schemas.models import Fuzzifier, Number

Rows = Annotated[
    list[Annotated[list[Number], Field(min_length=1, max_length=64)]],
    Field(min_length=1, max_length=5000),
]
Weights = Annotated[
    list[Annotated[float, Field(ge=0, allow_inf_nan=False, le=1e9)]], Field(max_length=5000)
]


class NewFit(BaseModel):
    """Fuzzy c-means on rows as they are: scale them first if their units differ."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"rows": [[0, 0], [0, 1], [9, 9], [9, 8]], "clusters": 2, "m": 2}]
        },
    )

    rows: Rows
    clusters: Annotated[int, Field(ge=1, le=20)]
    m: Fuzzifier = 2.0
    weights: Weights | None = None
    init: Annotated[list[list[Number]], Field(min_length=1, max_length=20)] | None = None
    tol: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1e-4
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _even(self.rows, self.weights)
        return self


class FitResult(BaseModel):
    """`memberships` in the order of the rows; `objective` is J of these centres with them."""

    centres: list[list[float]]
    memberships: list[list[float]]
    labels: list[int]
    objective: float
    iterations: int
    is_converged: bool
    is_collapsed: bool


class NewIndices(BaseModel):
    """Validity of centres on rows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"rows": [[0], [1], [9], [8]], "centres": [[0.5], [8.5]], "m": 2}]
        },
    )

    rows: Rows
    centres: Annotated[
        list[Annotated[list[Number], Field(min_length=1, max_length=64)]],
        Field(min_length=1, max_length=20),
    ]
    m: Fuzzifier = 2.0
    weights: Weights | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _even(self.rows, self.weights)
        _even(self.centres, None, len(self.rows[0]))
        return self


class IndicesResult(BaseModel):
    """Null where there are fewer than two centres, or two are the same; never infinite."""

    indices: dict[str, float | None]


def _even(rows: list[list[float]], weights: list[float] | None, wide: int | None = None) -> None:
    expected = len(rows[0]) if wide is None else wide
    for number, row in enumerate(rows):
        if len(row) != expected:
            raise ValueError(f"row {number} has {len(row)} columns, {expected} are needed")
    if weights is not None and len(weights) != len(rows):
        raise ValueError(f"{len(weights)} weights for {len(rows)} rows")
    if weights is not None and not any(weights):
        raise ValueError("all weights are zero")
