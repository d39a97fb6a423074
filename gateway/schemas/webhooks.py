"""Outgoing webhooks: endpoints, deliveries, attempts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis.http import PageAsked
from gateway.schemas.identity import Text

Url = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^https?://[!-~]+$")]
EventType = Annotated[str, Field(pattern=r"^(\*|[a-z]+\.[a-z-]+\.v\d+)$", max_length=120)]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=100)]
State = Literal["active", "disabled"]


class NewEndpoint(BaseModel):
    """`*` stands for every public event."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "url": "https://shop.example/hooks/hansa",
                    "event_types": ["orders.order-paid.v1", "logistics.shipment-moved.v1"],
                    "description": "web shop",
                }
            ]
        },
    )

    url: Url
    event_types: EventTypes = ["*"]
    description: Text = "no description"


class EndpointChange(BaseModel):
    """What a disabled endpoint misses waits for it, 30 days at most."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"state": "disabled"}]}
    )

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Text | None = None
    state: State | None = None


class EndpointOut(BaseModel):
    endpoint_id: str
    url: str
    event_types: list[str]
    description: str
    state: State
    reason: str
    created_at: datetime
    failing_since: datetime | None


class EndpointShown(EndpointOut):
    """`secret` is shown this once. For 24 hours after a rotation the one before signs as well."""

    secret: str


class DeliveriesAsked(PageAsked):
    endpoint_id: Annotated[str | None, Field(max_length=40, pattern=r"^[!-~]+$")] = None
    state: Literal["pending", "delivered", "failed"] | None = None


class DeliveryOut(BaseModel):
    delivery_id: str
    endpoint_id: str
    event_id: str
    event_type: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    said_at: datetime
    due_at: datetime | None
    ended_at: datetime | None


class AttemptOut(BaseModel):
    """`answer` is the first 2 KiB of what came back."""

    at: datetime
    outcome: str
    status: int | None
    took_ms: int
    answer: str


class DeliveryShown(DeliveryOut):
    """`body` is what was signed and sent, to the byte."""

    body: str
    log: list[AttemptOut]


class Since(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"since": "2026-11-01T00:00:00Z"}]}
    )

    since: AwareDatetime


class Redelivered(BaseModel):
    """How many are on their way again."""

    deliveries: int
