"""Notifications: contacts, templates, the log, opting out."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chassis.http import PageAsked
from gateway.schemas.identity import Language, Text

Audience = Literal["buyer", "merchant"]
Named = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z-]+\.v\d+$", max_length=120)]
AddressText = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}$"),
]


class ContactGiven(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"address": "anna@example.org", "language": "de"}]},
    )

    address: AddressText
    language: Language = "en"


class ContactOut(BaseModel):
    audience: Audience
    subject: str
    address: str
    language: str
    opted_out: list[str]


class OptOuts(BaseModel):
    """Event types that are not written about; `*` for all. The list replaces the one before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"event_types": ["*"]}]}
    )

    event_types: Annotated[
        list[Annotated[str, Field(pattern=r"^(\*|[a-z]+\.[a-z-]+\.v\d+)$", max_length=120)]],
        Field(max_length=100),
    ]


class OptedOut(BaseModel):
    opted_out: list[str]


class TemplateGiven(BaseModel):
    """`$name` stands for a field of the event, `$merchant` for the merchant's title."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "event_type": "orders.order-paid.v1",
                    "audience": "buyer",
                    "language": "en",
                    "title": "Thank you for order $order_id",
                    "text": "We have your payment and pack your order.\n\n$merchant\n",
                }
            ]
        },
    )

    event_type: Named
    audience: Audience
    language: Language
    title: Text
    text: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]


class TemplateList(BaseModel):
    data: list[TemplateGiven]


class TemplateNamed(BaseModel):
    event_type: Named
    audience: Audience
    language: Language


class NotificationsAsked(PageAsked):
    state: Literal["queued", "sent", "failed", "suppressed"] | None = None


class NotificationOut(BaseModel):
    """What was said is not kept."""

    notification_id: str
    audience: Audience
    subject: str
    event_type: str
    event_key: str
    channel: Literal["email"] = "email"
    language: str
    state: Literal["queued", "sent", "failed", "suppressed"]
    reason: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
