"""HTTP bodies of tracking."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLAIN = r"^[^\x00-\x1f\x7f]*$"
Secret = Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]


class NewConnection(BaseModel):
    """`secret` is the one the provider shows; for the native format we make it if none is given.
    What a provider that signs nothing reports is kept as unconfirmed and moves no parcel.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"provider": "hansa"}]}
    )

    provider: Literal["easypost", "hansa"]
    secret: Secret | None = None
    accept_unsigned: bool = False

    @model_validator(mode="after")
    def _is_signed_or_not(self) -> Self:
        if self.accept_unsigned and (self.secret is not None or self.provider == "hansa"):
            raise ValueError("with a secret, and in the native format, every body is signed")
        return self


class ConnectionOut(BaseModel):
    connection_id: str
    provider: str
    accepts_unsigned: bool
    created_at: datetime
    revoked_at: datetime | None
    live_secrets: int


class ConnectionShown(ConnectionOut):
    """`url` is shown this once, and `secret` where we made it."""

    url: str
    secret: str | None


class NewSecret(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"keep_hours": 24}]})

    secret: Secret | None = None
    keep_hours: Annotated[int, Field(ge=0, le=168)] = 24


class Rotated(BaseModel):
    connection_id: str
    secret: str | None
    live_secrets: int


class StepOut(BaseModel):
    step: Literal["address", "signature", "stored", "read"]
    passed: bool
    told: str


class Tested(BaseModel):
    """A sample on the way of every delivery, step by step; it is taken for no parcel."""

    passed: bool
    delivery_id: str
    steps: list[StepOut]


class Taken(BaseModel):
    delivery_id: str
    status: Literal["received", "duplicate"]


class DeliveryOut(BaseModel):
    delivery_id: str
    provider: str
    received_at: datetime
    outcome: str
    reason: str
    duplicates: int
    told: dict[str, Any]


class NewTracker(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tracking_number": "HN0001", "carrier": "baltic-lines"}]},
    )

    tracking_number: Annotated[str, Field(pattern=r"^[A-Za-z0-9 -]{1,60}$")]
    carrier: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9 _.-]{1,60}$")] = None
    booked_on: date | None = None


class TrackerOut(BaseModel):
    tracker_id: str
    tracking_number: str
    carrier: str | None
    shipment_id: str | None
    status: str
    leg: str
    flags: list[str]


class ScanList(BaseModel):
    """Raw, in the order of the fold: what was written is kept."""

    data: list[dict[str, Any]]


class LineOut(BaseModel):
    status: str
    reason: str | None
    local: str | None
    place: str
    texts: list[str]


class TimelineOut(BaseModel):
    shipment_id: str
    status: str
    leg: str
    flags: list[str]
    lines: list[LineOut]
