"""What servqual says: who may carry, until when, and how well each provider does."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.values import Money

ProviderStatus = Literal[
    "applied", "documents_submitted", "under_review", "provisional", "approved", "suspended",
    "rejected", "withdrawn", "revoked",
]  # fmt: skip
GateState = Literal["pass", "fail", "unknown", "waived"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Capability(_Part):
    """What a provider can do in one service."""

    service: str
    modes: tuple[str, ...] = ()
    dangerous_goods: tuple[str, ...] = ()  # classes
    batteries: bool = False
    cold_chain: bool = False
    customs_brokerage: bool = False
    options: tuple[str, ...] = ()


class Lane(_Part):
    origin: str  # a country, or `*`
    destination: str
    service: str
    weekly_capacity: int | None = None  # parcels


class ProviderChanged(Event):
    """A provider as it stands. `eligible_until` is the last day on which every required document
    is valid; who reads it later than that takes the provider for suspended.
    """

    name: ClassVar[str] = "servqual.provider-changed.v1"
    key: ClassVar[str] = "provider_id"
    state: ClassVar[bool] = True
    public: ClassVar[bool] = True

    provider_id: str  # the name that rate cards use
    title: str
    status: ProviderStatus
    capabilities: tuple[Capability, ...] = ()
    lanes: tuple[Lane, ...] = ()
    gates: dict[str, GateState] = {}
    eligible_until: date | None = None
    insured_up_to: Money | None = None  # of one shipment
    weekly_cap: int | None = None  # parcels, while provisional


class Theta(_Part):
    """A share with its uncertainty: posterior mean and standard deviation, and decayed trials."""

    value: float
    sd: float
    n: float


class RatingChanged(Event):
    """An estimate as of a time by a stated model. Null where evidence is insufficient; what
    ranking needs all the same is the posterior without reliability, and the shares.
    """

    name: ClassVar[str] = "servqual.rating-changed.v1"
    key: ClassVar[str] = "provider_id"
    state: ClassVar[bool] = True
    public: ClassVar[bool] = True

    provider_id: str
    rating: float | None  # 0 to 100
    sd: float | None
    without_reliability: float
    without_reliability_sd: float
    dimensions: dict[str, float]  # REL, RES, ASS, EMP, TAN; empty where insufficient
    on_time: dict[str, Theta]  # lane `CN-DE`, and `*` over all lanes
    loss_damage: Theta
    grade: Literal["none", "low", "medium", "high"]
    is_insufficient: bool
    model: str
    as_of: datetime


class ProviderDocumentExpiring(Event):
    name: ClassVar[str] = "servqual.provider-document-expiring.v1"
    key: ClassVar[str] = "provider_id"
    public: ClassVar[bool] = True

    provider_id: str
    document_id: str
    kind: str
    valid_to: date  # the last day it is valid
    days_left: int
