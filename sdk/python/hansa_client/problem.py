"""A refusal as the platform says it (RFC 9457)."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class FieldError:
    pointer: str  # a JSON pointer into the request's body
    code: str
    message: str


class Problem(Exception):  # the word of RFC 9457
    """What was refused and why; `errors` point at the places in the request."""

    def __init__(self, answer: httpx.Response) -> None:
        said = _said(answer)
        self.status = answer.status_code
        self.type = str(said.get("type", "about:blank"))
        self.title = str(said.get("title", answer.reason_phrase))
        self.detail = str(said.get("detail", ""))
        self.request_id = str(said.get("request_id", answer.headers.get("x-request-id", "")))
        self.errors = tuple(
            FieldError(each["pointer"], each["code"], each["message"])
            for each in said.get("errors", ())
        )
        super().__init__(f"{self.status} {self.title}: {self.detail} ({self.request_id})")


def _said(answer: httpx.Response) -> dict[str, Any]:
    """Empty where something before the platform answered in its own words."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return {}
    said: dict[str, Any] = answer.json()
    return said
