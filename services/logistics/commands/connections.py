"""Where carriers report to: made, rotated, revoked. Tokens and secrets are shown once."""

import base64
import hashlib
import json
import secrets as random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.crypto import seal, unseal
from chassis.db import now, settings_of
from chassis.http import FieldError, Problem
from contracts.values import new_id
from services.logistics.adapters.tracking import ADAPTERS
from services.logistics.models.tracking import Connection
from services.logistics.queries import tracking as queries
from services.logistics.schemas.tracking import (
    ConnectionOut,
    ConnectionShown,
    NewConnection,
    NewSecret,
    Rotated,
)

MOST_LIVE = 2
WEBHOOK, UNSIGNED, SAMPLE = "webhook", "unsigned", "sample"  # how a delivery came


def connect(session: Session, caller: Caller, new: NewConnection) -> ConnectionShown:
    connection_id, token = new_id("con"), random.token_urlsafe(32)
    if new.accept_unsigned:
        secret, made, live = None, False, []
    else:
        secret, made = _secret_for(new.provider, new.secret)
        live = [_sealed(session, connection_id, secret)]
    row = Connection(
        connection_id=connection_id,
        tenant=caller.tenant,
        provider=new.provider,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        secrets=json.dumps(live),
        accepts_unsigned=new.accept_unsigned,
        created_at=now(),
        revoked_at=None,
    )
    session.add(row)
    session.flush()
    address = f"{settings_of(session).public_url}/v1/carrier-webhooks/{new.provider}/{token}"
    out = queries.connection_out(row).model_dump()
    return ConnectionShown(**out, url=address, secret=secret if made else None)


def rotate(session: Session, caller: Caller, connection_id: str, new: NewSecret) -> Rotated:
    """The new secret is live at once; the old one for as long as was asked. From then on every
    body is signed.
    """
    row = queries.connection(session, caller.tenant, connection_id)
    secret, made = _secret_for(row.provider, new.secret)
    until = (now() + timedelta(hours=new.keep_hours)).isoformat()
    kept = [{**each, "until": until} for each in queries.live_secrets(row, now())]
    live = [_sealed(session, connection_id, secret), *kept][:MOST_LIVE]
    row.secrets = json.dumps(live if new.keep_hours else live[:1])
    row.accepts_unsigned = False
    session.flush()
    count = len(queries.live_secrets(row, now()))
    return Rotated(connection_id=connection_id, secret=secret if made else None, live_secrets=count)


def revoke(session: Session, caller: Caller, connection_id: str) -> ConnectionOut:
    row = queries.connection(session, caller.tenant, connection_id)
    row.revoked_at = row.revoked_at or now()
    session.flush()
    return queries.connection_out(row)


def receiving(session: Session, token: str) -> tuple[Connection, list[str]] | None:
    """A live connection with its live secrets opened."""
    row = queries.connection_by_token(session, token)
    return None if row is None else _opened(session, row)


def to_be_tested(session: Session, tenant: str, connection_id: str) -> tuple[Connection, list[str]]:
    row = queries.connection_seen(session, tenant, connection_id)
    if row.revoked_at is not None:
        raise Problem(409, "revoked", "this address was revoked and takes nothing any more")
    return _opened(session, row)


def _opened(session: Session, row: Connection) -> tuple[Connection, list[str]]:
    masters = settings_of(session).master_keys
    opened = [
        unseal(base64.b64decode(each["sealed"] or ""), masters, row.connection_id).decode()
        for each in queries.live_secrets(row, now())
    ]
    session.expunge(row)
    return row, opened


def source_of(
    row: Connection, secrets: list[str], body: bytes, headers: Mapping[str, str]
) -> str | None:
    """How a body came; None where it is refused. Where a secret is live, every body is signed."""
    if not secrets:
        return UNSIGNED if row.accepts_unsigned else None
    is_signed = ADAPTERS[row.provider].verify(body, headers, secrets, now().timestamp())
    return WEBHOOK if is_signed else None


def sample(row: Connection, secrets: list[str]) -> tuple[bytes, dict[str, str]]:
    """A body as the provider would write it now, and the headers it would sign it with."""
    adapter, event_id = ADAPTERS[row.provider], new_id("evt")
    body = adapter.sample(event_id, now())
    signed = adapter.sign(body, event_id, secrets[0], now().timestamp()) if secrets else {}
    return body, signed


def _secret_for(provider: str, given: str | None) -> tuple[str, bool]:
    """The secret, and whether we made it."""
    if given is None and provider == "hansa":
        return "whsec_" + base64.b64encode(random.token_bytes(32)).decode(), True
    if given is None or not ADAPTERS[provider].is_usable_secret(given):
        message = f"give the secret that {provider} shows; this one cannot verify anything"
        error = FieldError(pointer="/secret", code="unusable", message=message)
        raise Problem(422, "invalid", message, [error])
    return given, False


def _sealed(session: Session, connection_id: str, secret: str) -> dict[str, Any]:
    sealed = seal(secret.encode(), settings_of(session).master_keys, connection_id)
    return {"sealed": base64.b64encode(sealed).decode(), "until": None}
