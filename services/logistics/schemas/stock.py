"""HTTP bodies of stock."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.values import CountryCode, Sku

PLAIN = r"^[^\x00-\x1f\x7f]*$"
LocationId = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,40}$", examples=["BRE"])]
Text = Annotated[str, Field(max_length=200, pattern=PLAIN)]


class NewLocation(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"location_id": "BRE", "name": "Bremen", "country": "DE", "postcode": "28195"}
            ]
        },
    )

    location_id: LocationId
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
    country: CountryCode
    region: Annotated[str, Field(max_length=40, pattern=PLAIN)] = ""
    postcode: Annotated[str, Field(max_length=20, pattern=PLAIN)] = ""
    city: Annotated[str, Field(max_length=100, pattern=PLAIN)] = ""
    street: Text = ""


class LocationOut(NewLocation):
    pass


class LevelOut(BaseModel):
    sku: str
    location_id: str
    on_hand: int
    available: int


class StockOut(BaseModel):
    sku: str
    available: str = Field(description='Units; "20+" for a storefront where there are more')
    levels: list[LevelOut] = []


class NewMovement(BaseModel):
    """`receive` adds, `damage` takes away, `count` sets what is really there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"sku": "TEA-ASSAM-250", "location_id": "BRE", "kind": "receive", "quantity": 10}
            ]
        },
    )

    sku: Sku
    location_id: LocationId
    kind: Literal["receive", "damage", "count"]
    quantity: Annotated[int, Field(ge=0, le=10_000_000)]
    reference: Annotated[str, Field(max_length=80, pattern=PLAIN)] = ""


class InboundOut(BaseModel):
    inbound_id: str
    order_id: str
    lines: dict[str, int]
    status: str


class Received(BaseModel):
    """What of a return has arrived; sellable goods go back on hand."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"lines": {"TEA-ASSAM-250": 1}, "condition": "sellable", "location_id": "BRE"}
            ]
        },
    )

    lines: Annotated[
        dict[Sku, Annotated[int, Field(ge=1, le=100_000)]], Field(min_length=1, max_length=200)
    ]
    condition: Literal["sellable", "damaged"]
    location_id: LocationId
