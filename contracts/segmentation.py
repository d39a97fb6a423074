"""What segmentation says: which offers stand, the keys that sign them, which models act."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.values import Money, Sku

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class OfferTerms(BaseModel):
    """What a buyer is promised; hashed whole, so that nobody changes it afterwards."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["percent"]
    title: str
    depends_on_segment: bool  # said to the buyer
    largest_pct: Percent
    markets: tuple[str, ...]  # empty: all of the merchant
    skus: tuple[Sku, ...]  # empty: all
    valid_from: datetime
    valid_to: datetime  # exclusive
    uses_per_buyer: int = 1

    def covers(self, market: str, sku: str) -> bool:
        return market in (self.markets or (market,)) and sku in (self.skus or (sku,))


class OfferChanged(Event):
    name: ClassVar[str] = "segmentation.offer-changed.v1"
    key: ClassVar[str] = "offer_id"
    state: ClassVar[bool] = True

    offer_id: str
    status: Literal["published", "withdrawn"]
    terms: OfferTerms
    terms_sha256: str  # of `canonical(terms)`
    budget: Money | None = None  # of all discounts together


class OfferKeyChanged(Event):
    name: ClassVar[str] = "segmentation.offer-key-changed.v1"
    key: ClassVar[str] = "kid"
    state: ClassVar[bool] = True

    kid: str
    public_key: str  # Ed25519, base64url
    status: Literal["active", "retiring"]
    not_before: datetime
    not_after: datetime


class OfferClaims(BaseModel):
    """What an offer's token promises. Times are unix seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    offer_id: str
    tenant: str
    buyer_id: str
    arm: Literal["offer", "hold_out"]
    depth_pct: Percent  # 0 in the hold-out
    terms_sha256: str
    iat: int
    exp: int

    def why_not(self, offer: OfferChanged, tenant: str, at: datetime) -> str | None:
        """Why this word cannot be used on the offer as it was last heard; None where it can."""
        ends = min(self.exp, offer.terms.valid_to.timestamp())
        if self.tenant != tenant:
            return "it was given by another merchant"
        if offer.status != "published":
            return "it was withdrawn"
        if self.terms_sha256 != offer.terms_sha256:
            return "its terms have changed; ask for the buyer's offers anew"
        if not offer.terms.valid_from.timestamp() <= at.timestamp() < ends:
            return "it has ended; ask for the buyer's offers anew"
        return None

    def discount_of(self, value: Money) -> Money:
        """Of a whole line, half up to the minor unit: whoever works it out gets the same."""
        off = (value.minor * self.depth_pct / 100).to_integral_value(ROUND_HALF_UP)
        return Money.of(int(off), value.currency)


class SegmentModelPublished(Event):
    name: ClassVar[str] = "segmentation.segment-model-published.v1"
    key: ClassVar[str] = "model_id"
    public: ClassVar[bool] = True

    model_id: str
    population: Literal["customers", "merchants"]
    version: int
    segments: tuple[str, ...]


class SegmentsChanged(Event):
    """What became of the segments of the version before."""

    name: ClassVar[str] = "segmentation.segments-changed.v1"
    key: ClassVar[str] = "model_id"
    public: ClassVar[bool] = True

    model_id: str
    kept: tuple[str, ...]
    new: tuple[str, ...]
    vanished: tuple[str, ...]
    moved_share: float  # of subjects whose main segment changed
