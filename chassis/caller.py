"""Who calls: a short-lived identity signed by the gateway. Services accept nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import time
from typing import Annotated, Any

from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from chassis.http import Problem

HEADER = "hansa-identity"
LIFE_S = 60  # a minted identity is used for 30 s and believed for 60
KINDS = ("storefront", "merchant", "provider", "operator", "regulator", "anonymous")


@dataclass(frozen=True)
class Caller:
    """Subject, the tenants it may act for (the first is the one it acts for now), scopes."""

    kind: str
    subject: str
    tenants: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    credential: str = ""

    @property
    def tenant(self) -> str:
        if not self.tenants:
            raise Problem(
                403,
                "tenant-missing",
                "this credential acts for no merchant; name one by Hansa-Tenant",
            )
        return self.tenants[0]


@lru_cache(maxsize=16)
def _key(secret: bytes) -> OctKey:
    return OctKey.import_key(secret)


def mint(caller: Caller, keys: Sequence[bytes], now_s: float | None = None) -> str:
    claims = {
        "kind": caller.kind,
        "sub": caller.subject,
        "tenants": list(caller.tenants),
        "scopes": list(caller.scopes),
        "cred": caller.credential,
        "exp": int(now_s or time()) + LIFE_S,
    }
    return jwt.encode({"alg": "HS256"}, claims, _key(keys[0]), algorithms=["HS256"])


@lru_cache(maxsize=10_000)
def _verified(token: str, keys: tuple[bytes, ...]) -> tuple[Caller, int] | None:
    for secret in keys:
        try:
            claims = jwt.decode(token, _key(secret), algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            continue
        caller = Caller(
            claims["kind"],
            claims["sub"],
            tuple(claims["tenants"]),
            tuple(claims["scopes"]),
            claims["cred"],
        )
        return caller, claims["exp"]
    return None


def verify(token: str, keys: tuple[bytes, ...]) -> Caller | None:
    """None for a token that is forged, malformed or expired."""
    found = _verified(token, keys)
    if found is None or found[1] < time():
        return None
    return found[0]


async def _caller(request: Request) -> Caller:
    token = request.headers.get(HEADER, "")
    caller = verify(token, request.app.state.settings.identity_keys)
    if caller is None:
        raise Problem(
            401, "not-signed-in", "send an API key: `Authorization: Bearer sk_...`",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    return caller


def only(*kinds: str) -> Callable[..., Any]:
    """A dependency that admits these kinds of caller."""

    async def admitted(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if caller.kind not in kinds:
            raise Problem(
                401 if caller.kind == "anonymous" else 403,
                "not-allowed",
                f"this needs a credential of {' or '.join(kinds)}; yours is {caller.kind}",
            )
        return caller

    return admitted


Anyone = Annotated[Caller, Depends(_caller)]
Merchant = Annotated[Caller, Depends(only("merchant"))]
Shopper = Annotated[Caller, Depends(only("storefront", "merchant"))]
Operator = Annotated[Caller, Depends(only("operator"))]
Provider = Annotated[Caller, Depends(only("provider"))]
