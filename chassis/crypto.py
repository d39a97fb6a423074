"""Encryption at rest (AES-256-GCM): secrets under the master key, bodies under data keys."""

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, String, Table, select
from sqlalchemy.orm import Session

from chassis.db import insert_new, tables

data_keys = Table(
    "data_key",
    tables,
    Column("tenant", String(64), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # destroyed, what it sealed is gone
)


class CannotOpen(ValueError):
    """Sealed under a key we do not have, or changed since."""


def seal(plain: bytes, keys: Sequence[bytes], about: str) -> bytes:
    """Bound to what it is `about`: it opens for nothing else. The newest key seals."""
    nonce = os.urandom(12)
    return _mark(keys[0]) + nonce + AESGCM(keys[0]).encrypt(nonce, plain, about.encode())


def unseal(sealed: bytes, keys: Sequence[bytes], about: str) -> bytes:
    """Raises CannotOpen. Any live key opens, found by its mark."""
    mark, nonce, body = sealed[:4], sealed[4:16], sealed[16:]
    for key in keys:
        if _mark(key) == mark:
            try:
                return AESGCM(key).decrypt(nonce, body, about.encode())
            except InvalidTag:
                break
    raise CannotOpen(f"what is sealed about {about} cannot be opened with our keys")


def data_key(session: Session, masters: Sequence[bytes], tenant: str, at: datetime) -> bytes:
    """The key of one tenant and the month of `at`; made at first use."""
    month = f"{at:%Y-%m}"
    found = select(data_keys.c.sealed).where(
        data_keys.c.tenant == tenant, data_keys.c.month == month
    )
    sealed = session.execute(found).scalar()
    if sealed is None:
        fresh = seal(os.urandom(32), masters, f"{tenant} {month}")
        insert_new(session, data_keys, tenant=tenant, month=month, sealed=fresh)
        sealed = session.execute(found).scalar_one()
    return _opened(sealed, tuple(masters), f"{tenant} {month}")


@lru_cache(maxsize=4096)
def _opened(sealed: bytes, masters: tuple[bytes, ...], about: str) -> bytes:
    return unseal(sealed, masters, about)


@lru_cache(maxsize=64)
def _mark(key: bytes) -> bytes:
    return hashlib.sha256(b"mark" + key).digest()[:4]
