"""Buyers: what they agree to, and being forgotten."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Purpose = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,39}$", examples=["marketing"])]


class ConsentGiven(BaseModel):
    """All that the buyer agrees to now; what is missing is refused."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"purposes": ["marketing"]}]}
    )

    purposes: Annotated[list[Purpose], Field(max_length=20)]


class ConsentOut(BaseModel):
    """Each purpose with the moment since which it is agreed to."""

    buyer_id: str
    purposes: dict[str, datetime]
    changed_at: datetime


class ErasureOut(BaseModel):
    """Said to every service; each forgets its own copy."""

    buyer_id: str
    erased_at: datetime
