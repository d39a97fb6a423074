"""Merchants, and keys that are shown once."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now, settings_of
from chassis.http import FieldError, Problem, not_found
from chassis.outbox import publish
from contracts.event import PLATFORM
from contracts.values import new_id
from gateway import queries
from gateway.domain.keys import digest_of, prefix_of, write_key
from gateway.models import ApiKey, Merchant
from gateway.schemas import KeyOut, KeyShown, MerchantChange, MerchantOut, NewKey, NewMerchant


def create_merchant(session: Session, new: NewMerchant) -> MerchantOut:
    row = Merchant(
        merchant_id=new_id("mer"),
        title=new.title,
        status="active",
        base_currency=new.base_currency,
        countries=new.countries,
        languages=new.languages,
        version=1,
    )
    session.add(row)
    session.flush()
    publish(session, queries.merchant_changed(row))
    return queries.merchant_out(row)


def change_merchant(session: Session, merchant_id: str, change: MerchantChange) -> MerchantOut:
    row = queries.merchant_for_update(session, merchant_id)
    changed = change.model_dump(exclude_none=True)
    if any(getattr(row, name) != value for name, value in changed.items()):
        for name, value in changed.items():
            setattr(row, name, value)
        row.version += 1
        session.flush()
        publish(session, queries.merchant_changed(row))
    return queries.merchant_out(row)


def create_key(session: Session, caller: Caller, new: NewKey) -> KeyShown:
    """The key leaves here once. Merchants make keys of their own only."""
    subject, owner, tenants = _holder(session, caller, new)
    shown = write_key(new.kind, secrets.token_bytes(6), secrets.token_bytes(32))
    row = ApiKey(
        key_id=new_id("key"),
        prefix=prefix_of(shown),
        digest=digest_of(shown, settings_of(session).key_pepper),
        kind=new.kind,
        subject=subject,
        owner=owner,
        tenants=tenants,
        scopes=[],
        description=new.description,
        created_at=now(),
        expires_at=new.expires_at,
        revoked_at=None,
    )
    session.add(row)
    session.flush()
    return KeyShown(**queries.key_out(row).model_dump(), secret=shown)


def revoke_key(session: Session, caller: Caller, key_id: str) -> KeyOut:
    row = session.scalars(select(ApiKey).where(ApiKey.key_id == key_id).with_for_update()).first()
    if row is None or (caller.kind != "operator" and row.owner != caller.tenant):
        raise not_found("key")
    row.revoked_at = row.revoked_at or now()
    session.flush()
    return queries.key_out(row)


def _holder(session: Session, caller: Caller, new: NewKey) -> tuple[str, str, list[str]]:
    """Subject, owner and tenants of a new key."""
    if caller.kind != "operator":
        if new.kind not in ("storefront", "merchant"):
            raise Problem(403, "not-allowed", f"only an operator makes keys of a {new.kind}")
        if new.merchant_id not in (None, caller.tenant):
            raise not_found("merchant")
        return caller.tenant, caller.tenant, [caller.tenant]
    if new.kind == "operator":
        return PLATFORM, PLATFORM, []
    if new.kind == "provider":
        return _asked(new.provider_id, "provider_id"), PLATFORM, list(new.serves)
    merchant_id = _asked(new.merchant_id, "merchant_id")
    queries.merchant(session, merchant_id)
    return merchant_id, merchant_id, [merchant_id]


def _asked(identifier: str | None, name: str) -> str:
    if identifier is None:
        error = FieldError(pointer=f"/{name}", code="missing", message=f"{name} is needed here")
        raise Problem(422, "invalid", error.message, [error])
    return identifier
