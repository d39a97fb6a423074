"""HTTP bodies of surveys."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Item = Annotated[str, Field(pattern=r"^[A-Z]{3}[0-9]{1,2}$")]
DimensionName = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Level = Annotated[int, Field(strict=True, ge=1, le=7)]
Points = Annotated[int, Field(strict=True, ge=0, le=100)]
Levels = Annotated[dict[Item, Level | None], Field(max_length=30)]
Language = Literal["en", "de", "zh"]
Token = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ZoneLevel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    minimum: Level
    desired: Level


class AnswersIn(BaseModel):
    """1 not at all true .. 7 completely true; null where there is no experience."""

    model_config = ConfigDict(extra="forbid")

    perception: Levels = {}
    expectation: Levels = {}
    importance: Annotated[dict[DimensionName, Points] | None, Field(max_length=10)] = None
    zone: Annotated[dict[DimensionName, ZoneLevel], Field(max_length=10)] = {}
    satisfaction: Level | None = None


class NewResponse(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"token": "0" * 64, "answers": {"perception": {"REL1": 6}, "satisfaction": 6}}
            ]
        },
    )

    token: Token
    answers: AnswersIn
    language: Language = "en"


class ResponseOut(BaseModel):
    """The stored answer."""

    response_id: str
    provider_id: str
    questionnaire: str
    form: str
    submitted_at: datetime
    answers: AnswersIn


class InvitationOut(BaseModel):
    """`url` opens the survey, once; null before it is sent and after it has ended."""

    invitation_id: str
    shipment_id: str
    provider_id: str
    form: str
    state: Literal["drawn", "sent", "answered", "closed", "skipped"]
    sent_at: datetime | None
    closes_at: datetime | None
    url: str | None


class ItemOut(BaseModel):
    item: str
    dimension: str
    clause: str


class QuestionnaireOut(BaseModel):
    version: str
    language: Language
    perception_stem: str
    expectation_stem: str
    lowest: int
    highest: int
    dimensions: dict[str, str]
    items: list[ItemOut]
    forms: dict[str, list[str]]
