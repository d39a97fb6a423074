"""The engine on a case whose measures are given inline: for anybody who checks it by their own."""

import json
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from chassis.caller import Anyone
from chassis.http import FieldError, Problem
from chassis.inbound import body_of
from services.logistics.domain.tariff.cases import NotACase, answer

LIMIT = 256 << 10
router = APIRouter(prefix="/tariffs/calculations", tags=["tariffs"])
_CASE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["case"],
                    "properties": {"case": {"type": "object"}},
                }
            }
        },
    }
}


@router.post("", openapi_extra=_CASE, response_class=Response)
async def calculate(request: Request, _: Anyone) -> Response:
    """`{"case": ...}` to `{"id", "got"}`: exact numbers both ways, never read as floats.

    The case's format is that of the public landed-cost cases; `got` has the keys of `expected`.
    """
    told = answered(await body_of(request, LIMIT))
    return Response(exact_json(told), media_type="application/json")


def answered(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
        return answer(given["case"])
    except NotACase as why:
        raise _unusable("/case", str(why)) from None
    except (ValueError, RecursionError):
        raise _unusable("", "the body is no JSON that can be read") from None
    except (LookupError, TypeError):
        raise _unusable("/case", 'send an object with "case", an object') from None


def exact_json(value: Any) -> str:
    """Decimals as JSON numbers with all their digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{exact_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(exact_json, value)) + "]"
    return json.dumps(value)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _unusable(pointer: str, why: str) -> Problem:
    error = FieldError(pointer=pointer, code="not-a-case", message=why)
    return Problem(422, "not-a-case", why, [error])
