"""Signed words (compact JWS, Ed25519) with rotating keys that other services verify offline."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from sqlalchemy import Column, LargeBinary, String, Table, exists, insert, select
from sqlalchemy.orm import Session

from chassis.crypto import seal, unseal
from chassis.db import Instant, tables
from chassis.outbox import outbox, publish
from contracts.event import Event
from contracts.values import new_id

ALGORITHM = "Ed25519"  # RFC 9864: fixed, never read from a token

signing_keys = Table(
    "signing_key",
    tables,
    Column("kid", String(40), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("public", String(100), nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("not_after", Instant, nullable=False),
)


class BadToken(ValueError):
    """Forged, malformed, or signed with another algorithm."""


class UnknownKey(LookupError):
    """Signed with a key not heard of yet: wait for it, then say not-yet-known."""


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: bytes


Announce = Callable[[str, str, datetime, datetime], Event]  # kid, public key, from, until


def add_key(
    session: Session, masters: Sequence[bytes], at: datetime, life: timedelta, announce: Announce
) -> None:
    """A new key, told to everybody. It signs once its state has left the outbox."""
    key = OKPKey.generate_key("Ed25519")
    kid, until = new_id("key"), at + life
    private = json.dumps(key.as_dict(private=True)).encode()
    public = str(key.as_dict(private=False)["x"])
    session.execute(
        insert(signing_keys).values(
            kid=kid,
            sealed=seal(private, masters, kid),
            public=public,
            not_before=at,
            not_after=until,
        )
    )
    publish(session, announce(kid, public, at, until))


def signing_key(session: Session, masters: Sequence[bytes], at: datetime) -> SigningKey | None:
    """The newest key in force whose announcement is in the log."""
    unsaid = exists().where(outbox.c.key == signing_keys.c.kid)
    row = session.execute(
        select(signing_keys)
        .where(signing_keys.c.not_before <= at, signing_keys.c.not_after > at, ~unsaid)
        .order_by(signing_keys.c.kid.desc())
        .limit(1)
    ).first()
    return None if row is None else SigningKey(row.kid, unseal(row.sealed, masters, row.kid))


def newest_key_ends(session: Session) -> datetime | None:
    return session.execute(
        select(signing_keys.c.not_after).order_by(signing_keys.c.kid.desc()).limit(1)
    ).scalar()


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    payload = json.dumps(claims, sort_keys=True, separators=(",", ":"))
    return jws.serialize_compact(
        {"alg": ALGORITHM, "kid": key.kid}, payload, _private(key.private), algorithms=[ALGORITHM]
    )


def kid_of(token: str) -> str:
    """Which key it says it was signed with. Raises BadToken."""
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, UnicodeEncodeError) as error:
        raise BadToken(str(error)) from error
    return str(header.get("kid", ""))


def verify(token: str, public: str) -> dict[str, Any]:
    """The claims. Raises BadToken."""
    try:
        found = jws.deserialize_compact(token, _public(public), algorithms=[ALGORITHM])
        claims = json.loads(found.payload)
    except (JoseError, ValueError) as error:
        raise BadToken(str(error)) from error
    if not isinstance(claims, dict):
        raise BadToken("a token holds an object")
    return claims


@lru_cache(maxsize=64)
def _private(private: bytes) -> OKPKey:
    return OKPKey.import_key(json.loads(private))


@lru_cache(maxsize=256)
def _public(x: str) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
