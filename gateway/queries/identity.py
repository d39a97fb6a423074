"""Merchants and keys."""

from collections.abc import Iterator

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.http import Page, PageAsked, not_found, page_of
from contracts.event import Event
from contracts.gateway import MerchantChanged
from gateway.domain.keys import Key
from gateway.models import ApiKey, Merchant
from gateway.queries.buyers import consents_changed
from gateway.schemas import KeyOut, MerchantOut


def key_by_prefix(session: Session, prefix: str) -> Key | None:
    row = session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).first()
    if row is None:
        return None
    return Key(
        row.key_id,
        row.kind,
        row.subject,
        tuple(row.tenants),
        tuple(row.scopes),
        row.digest,
        row.expires_at,
        row.revoked_at,
    )


def merchant(session: Session, merchant_id: str) -> MerchantOut:
    return merchant_out(
        _found(session, select(Merchant).where(Merchant.merchant_id == merchant_id))
    )


def merchant_for_update(session: Session, merchant_id: str) -> Merchant:
    found = select(Merchant).where(Merchant.merchant_id == merchant_id).with_for_update()
    return _found(session, found)


def _found(session: Session, rows: Select[Merchant]) -> Merchant:
    row = session.scalars(rows).first()
    if row is None:
        raise not_found("merchant")
    return row


def merchants(session: Session, asked: PageAsked) -> Page[MerchantOut]:
    rows, following = page_of(session, select(Merchant), Merchant.merchant_id, asked)
    return Page(data=[merchant_out(row) for row in rows], next_cursor=following)


def keys(session: Session, owner: str | None, asked: PageAsked) -> Page[KeyOut]:
    """One merchant's keys; all of them for None."""
    wanted = select(ApiKey) if owner is None else select(ApiKey).where(ApiKey.owner == owner)
    rows, following = page_of(session, wanted, ApiKey.key_id, asked)
    return Page(data=[key_out(row) for row in rows], next_cursor=following)


def states(session: Session) -> Iterator[Event]:
    for row in session.scalars(select(Merchant).order_by(Merchant.merchant_id)):
        yield merchant_changed(row)
    yield from consents_changed(session)


def merchant_changed(row: Merchant) -> MerchantChanged:
    return MerchantChanged(
        tenant=row.merchant_id,
        sequence=row.version,
        merchant_id=row.merchant_id,
        title=row.title,
        status="active" if row.status == "active" else "suspended",
        base_currency=row.base_currency,
        countries=tuple(row.countries),
        languages=tuple(row.languages),
    )


def merchant_out(row: Merchant) -> MerchantOut:
    return MerchantOut.model_validate(row, from_attributes=True)


def key_out(row: ApiKey) -> KeyOut:
    return KeyOut.model_validate(row, from_attributes=True)
