"""Bodies of offers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.segmentation import OfferTerms, Percent
from contracts.values import Currency, Money, Sku
from services.segmentation.schemas.models import PLAIN, Rate, Subject

Market = Annotated[str, Field(pattern=r"^[A-Z]{2,8}$", examples=["DE"])]
SegmentId = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
Step = Annotated[Decimal, Field(gt=0, le=50, max_digits=4, decimal_places=2)]


class Margin(BaseModel):
    """What a sale without the offer leaves above cost, and the least that must be left with it."""

    model_config = ConfigDict(extra="forbid")

    gross_pct: Percent
    floor_pct: Percent


class NewOffer(BaseModel):
    """A percentage off: `depth_pct` for everybody, or by segment; mixed subjects get a mixture."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Ten off in spring",
                    "depth_pct": "10",
                    "valid_from": "2026-03-01T00:00:00Z",
                    "valid_to": "2026-04-01T00:00:00Z",
                    "margin": {"gross_pct": "40", "floor_pct": "20"},
                }
            ]
        },
    )

    kind: Literal["percent"] = "percent"
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
    depth_pct: Percent | None = None
    depth_by_segment: Annotated[dict[SegmentId, Percent], Field(max_length=10)] = {}
    largest_pct: Percent | None = Field(default=None, description="Default: the largest depth")
    step_pct: Step = Decimal("0.5")
    markets: Annotated[list[Market], Field(max_length=250)] = []
    skus: Annotated[list[Sku], Field(max_length=1000)] = []
    valid_from: datetime
    valid_to: datetime = Field(description="Exclusive; then the result is shown, not before")
    uses_per_buyer: Annotated[int, Field(ge=1, le=1000)] = 1
    hold_out_share: Annotated[Decimal, Field(ge=0, le=Decimal("0.5"), decimal_places=4)] = Decimal(
        "0.1"
    )
    budget: Money | None = None
    margin: Margin | None = None
    rates: Annotated[dict[Currency, Rate], Field(max_length=200)] = {}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.depth_pct is None) == (not self.depth_by_segment):
            raise ValueError("give depth_pct for everybody, or depth_by_segment, and not both")
        if self.valid_from.tzinfo is None or self.valid_to.tzinfo is None:
            raise ValueError("valid_from and valid_to need a zone, such as Z")
        if self.valid_to <= self.valid_from:
            raise ValueError("valid_to must come after valid_from")
        if self.budget is not None and self.budget.minor <= 0:
            raise ValueError("a budget is more than nothing")
        return self

    @property
    def largest(self) -> Decimal:
        depths = [*self.depth_by_segment.values(), *([self.depth_pct] if self.depth_pct else [])]
        deepest = max(depths, default=Decimal(0))
        return deepest if self.largest_pct is None else min(self.largest_pct, deepest)


class OfferOut(BaseModel):
    offer_id: str
    status: Literal["draft", "published", "withdrawn"]
    version: int
    model_id: str | None
    terms: OfferTerms
    terms_sha256: str
    hold_out_share: Decimal
    budget: Money | None
    created_at: datetime
    published_at: datetime | None


class PreviewOut(BaseModel):
    """Whom it would reach. `depths`: percent -> subjects, those held out among them."""

    subjects: int
    held_out: int
    unusual: int
    consenting: int | None = Field(
        description="Of its segments' subjects, who agreed to `marketing`; null for everybody"
    )
    depths: dict[str, int]
    margin_left_pct: Decimal | None = Field(description="At the largest depth")


class SignedOffer(BaseModel):
    """Pass `token` with the order, also of the arm `hold_out`: so the effect can be told."""

    offer_id: str
    title: str
    arm: Literal["offer", "hold_out"]
    depth_pct: Percent
    depends_on_segment: bool
    token: str
    expires_at: datetime


class SignedOffers(BaseModel):
    buyer: Subject
    data: list[SignedOffer]


class EffectOut(BaseModel):
    """Per subject, in the base currency's minor units; null where too few tell."""

    n_offer: int
    n_hold_out: int
    effective_offer: float
    effective_hold_out: float
    mean_offer: float | None
    mean_hold_out: float | None
    difference: float | None
    low: float | None
    high: float | None


class ResultOut(BaseModel):
    """Intention to treat. Before the end it is `running`, and nothing is shown."""

    offer_id: str
    status: Literal["running", "counted"]
    ends_at: datetime
    base_currency: Currency | None = None
    not_counted: int | None = Field(default=None, description="An order's value or rate is unknown")
    orders_with_offer: int | None = None
    effect: EffectOut | None = None
    by_segment: dict[str, EffectOut] = {}
