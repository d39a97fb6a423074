"""HTTP bodies of providers and their qualification."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.servqual import Capability, Lane
from contracts.values import CountryCode, Money
from services.servqual.domain.qualification.dossier import AuditKind, DocumentKind
from services.servqual.domain.qualification.ways import Status

PLAIN = r"^[^\x00-\x1f\x7f]*$"
ProviderId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["sandbox"])]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
Optional = Annotated[str, Field(max_length=200, pattern=PLAIN)]
Reason = Annotated[str, Field(max_length=500, pattern=PLAIN)]
Short = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
Shorts = Annotated[tuple[Short, ...], Field(max_length=50)]
Hashed = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Place = Annotated[str, Field(pattern=r"^([A-Z]{2}|\*)$", examples=["CN"])]
Sort = Literal["owner", "tax_id", "domain", "bank"]


def _is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name!r} is no time zone; write one such as Asia/Shanghai") from None
    return name


class CapabilityIn(Capability):
    model_config = ConfigDict(frozen=True, extra="forbid")

    service: Short
    modes: Shorts = ()
    dangerous_goods: Shorts = ()
    options: Shorts = ()


class LaneIn(Lane):
    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Place
    destination: Place
    service: Short
    weekly_capacity: Annotated[int | None, Field(ge=0, le=10_000_000)] = None


class NewProvider(BaseModel):
    """Fingerprints are SHA-256 of owner, tax id, domain, bank account, as merchants' are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "provider_id": "silkroad",
                    "title": "Silk Road Express",
                    "legal_name": "Silk Road Express Ltd",
                    "country": "CN",
                    "registration": "91310000MA1K",
                    "zone": "Asia/Shanghai",
                    "languages": ["zh", "en"],
                    "capabilities": [{"service": "standard", "modes": ["air"]}],
                    "lanes": [{"origin": "CN", "destination": "DE", "service": "standard"}],
                }
            ]
        },
    )

    provider_id: ProviderId
    title: Words
    legal_name: Words
    country: CountryCode
    registration: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
    zone: Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9_+/-]+$"),
                    AfterValidator(_is_zone)]  # fmt: skip
    languages: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]], Field(max_length=20)
    ] = []
    fingerprints: dict[Sort, Hashed] = {}
    capabilities: Annotated[list[CapabilityIn], Field(max_length=100)] = []
    lanes: Annotated[list[LaneIn], Field(max_length=1000)] = []


class ProviderOut(BaseModel):
    """What anybody may know of a provider. `is_eligible` is computed from dates, now."""

    provider_id: str
    title: str
    country: str
    zone: str
    languages: list[str]
    capabilities: list[Capability]
    lanes: list[Lane]
    status: Status
    is_eligible: bool
    eligible_until: date | None
    weekly_cap: int | None
    version: int


class CapabilitiesIn(BaseModel):
    """All of them; those that are left out are gone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"capabilities": [{"service": "standard"}]}]},
    )

    capabilities: Annotated[list[CapabilityIn], Field(max_length=100)]


class LanesIn(BaseModel):
    """All of them; those that are left out are gone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"lanes": [{"origin": "CN", "destination": "DE", "service": "standard"}]}]
        },
    )

    lanes: Annotated[list[LaneIn], Field(max_length=1000)]


class DocumentAsked(BaseModel):
    """What an uploaded file is. Without a `valid_to` it never ends: an agreement may."""

    kind: DocumentKind
    number: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
    issuer: Words
    country: Place = "*"
    scope: Annotated[str, Field(max_length=300, pattern=PLAIN)] = ""
    valid_from: date
    valid_to: date | None = None
    covers: Annotated[
        str | None,
        Field(pattern=r"^\d{1,15}(\.\d{1,3})? [A-Z]{3}$", examples=["100000.00 EUR"]),
    ] = None


class DocumentOut(BaseModel):
    document_id: str
    provider_id: str
    kind: DocumentKind
    number: str
    issuer: str
    country: str
    scope: str
    valid_from: date
    valid_to: date | None
    covers: Money | None
    sha256: str
    media_type: str
    state: str
    decided_by: str | None
    reason: str
    uploaded_at: datetime


class TransitionAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"to": "documents_submitted"}]}
    )

    to: Status
    reason: Reason = ""


class TransitionOut(BaseModel):
    at: datetime
    came_from: Status | None
    to: Status
    actor: Literal["provider", "operator", "system"]
    by: str
    second: str | None
    reason: str
    evidence: dict[str, Any]


class DocumentVerdict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"verdict": "verified"}]}
    )

    verdict: Literal["verified", "refused"]
    reason: Reason = ""


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: date


class ScreeningIn(_Checked):
    kind: Literal["screening"]
    open_hits: Annotated[int, Field(ge=0, le=10_000)]


class ReachIn(_Checked):
    """One check of one channel; `human`: a person answered."""

    kind: Literal["reach"]
    channel: Literal["phone", "mail", "chat", "whatsapp", "wechat", "line", "portal", "api"]
    passed: bool
    human: bool = False


class AuditItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item: Words
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    critical: bool = False
    verdict: Literal["pass", "fail", "not_applicable"]


class AuditIn(_Checked):
    kind: Literal["audit"]
    how: AuditKind
    standard: Short
    items: Annotated[list[AuditItem], Field(min_length=1, max_length=500)]


CheckIn = Annotated[ScreeningIn | ReachIn | AuditIn, Field(discriminator="kind")]


class GateOut(BaseModel):
    state: Literal["pass", "fail", "unknown", "waived"]
    fact: str


class DecisionAsked(BaseModel):
    """A way to go, or a gate to waive until a day. A second person confirms it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"to": "provisional", "reason": "sound"}]}
    )

    to: Status | None = None
    waive: Short | None = None
    until: date | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.to is None) == (self.waive is None):
            raise ValueError("either a way to go, or a gate to waive")
        if (self.waive is None) != (self.until is None):
            raise ValueError("a waiver has its last day, a way has none")
        return self


class DecisionOut(BaseModel):
    decision_id: str
    provider_id: str
    to: Status | None
    gate: str | None
    until: date | None
    reason: str
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None


class QualificationOut(BaseModel):
    """Every gate with its fact, and what stands in the way of each step."""

    provider_id: str
    status: Status
    eligible_until: date | None
    gates: dict[str, GateOut]
    closed_for_provisional: dict[str, str]
    closed_for_approved: dict[str, str]
    allowed: list[str]
    documents: list[DocumentOut]
    decisions: list[DecisionOut]


class WorkOut(BaseModel):
    """A line of the worklist."""

    provider_id: str
    title: str
    status: Status
    eligible_until: date | None
    documents_to_verify: int
    decisions_to_confirm: int
