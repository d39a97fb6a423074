"""Merchants, keys, session."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.values import CountryCode, Currency

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Identifier = Annotated[str, Field(pattern=r"^[a-z]{2,5}_[0-9a-f]{32}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]


class NewMerchant(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Teehaus Bremen",
                    "base_currency": "EUR",
                    "countries": ["DE"],
                    "languages": ["de", "en"],
                }
            ]
        },
    )

    title: Text
    base_currency: Currency
    countries: Annotated[list[CountryCode], Field(max_length=250)] = []
    languages: Annotated[list[Language], Field(max_length=50)] = []


class MerchantChange(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"status": "suspended"}]}
    )

    title: Text | None = None
    status: Literal["active", "suspended"] | None = None


class MerchantOut(NewMerchant):
    merchant_id: str
    status: Literal["active", "suspended"]


class NewKey(BaseModel):
    """A merchant makes keys of its own storefront and server; an operator makes any."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "storefront", "description": "web shop"}]},
    )

    kind: Literal["storefront", "merchant", "provider", "operator"]
    description: Text = "no description"
    merchant_id: Identifier | None = None
    provider_id: Identifier | None = None
    serves: Annotated[list[Identifier], Field(max_length=1000)] = []
    expires_at: AwareDatetime | None = None


class KeyOut(BaseModel):
    key_id: str
    prefix: str
    kind: Literal["storefront", "merchant", "provider", "operator"]
    subject: str
    description: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyShown(KeyOut):
    """`secret` is shown this once and stored nowhere."""

    secret: str


class SessionOut(BaseModel):
    """Who the gateway takes the caller for."""

    kind: str
    subject: str
    tenants: list[str]
