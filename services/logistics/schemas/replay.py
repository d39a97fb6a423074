"""HTTP bodies of a quote calculated again."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class DifferenceOut(BaseModel):
    line_id: str | None
    kind: str
    measure_key: str
    then: str | None
    now: str | None
    now_source: str
    now_legal_ref: str


class ReplayOut(BaseModel):
    """At the quote's own two times `is_same` must hold: else the engine's arithmetic changed."""

    quote_id: str
    valid_at: datetime
    known_at: datetime
    is_same: bool = Field(description="The ledger is, byte for byte, the one that was quoted")
    differences: list[DifferenceOut]
    ledger: dict[str, Any]
