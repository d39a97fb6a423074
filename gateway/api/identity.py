"""Merchants, their keys, and who the gateway takes a caller for."""

from typing import Annotated

from fastapi import APIRouter, Depends

from chassis.caller import Anyone, Caller, Operator, only
from chassis.http import Db, Page, PageQuery
from chassis.idempotency import Once
from gateway import commands, queries
from gateway.schemas import (
    KeyOut,
    KeyShown,
    MerchantChange,
    MerchantOut,
    NewKey,
    NewMerchant,
    SessionOut,
)

merchants = APIRouter(prefix="/merchants", tags=["merchants"])
keys = APIRouter(prefix="/api-keys", tags=["api-keys"])
session = APIRouter(prefix="/session", tags=["session"])
KeyHolder = Annotated[Caller, Depends(only("merchant", "operator"))]


@merchants.post("", status_code=201)
async def create(new: NewMerchant, _: Operator, once: Once) -> MerchantOut:
    return await once.write(commands.create_merchant, new)


@merchants.get("")
async def index(asked: PageQuery, _: Operator, db: Db) -> Page[MerchantOut]:
    return await db.read(queries.merchants, asked)


@merchants.get("/{merchant_id}")
async def show(merchant_id: str, _: Operator, db: Db) -> MerchantOut:
    return await db.read(queries.merchant, merchant_id)


@merchants.patch("/{merchant_id}")
async def change(merchant_id: str, given: MerchantChange, _: Operator, db: Db) -> MerchantOut:
    return await db.write(commands.change_merchant, merchant_id, given)


@keys.post("", status_code=201)
async def create_key(new: NewKey, caller: KeyHolder, db: Db) -> KeyShown:
    """Not idempotent on purpose: a stored answer would store the key."""
    return await db.write(commands.create_key, caller, new)


@keys.get("")
async def list_keys(asked: PageQuery, caller: KeyHolder, db: Db) -> Page[KeyOut]:
    owner = None if caller.kind == "operator" else caller.tenant
    return await db.read(queries.keys, owner, asked)


@keys.delete("/{key_id}")
async def revoke(key_id: str, caller: KeyHolder, db: Db) -> KeyOut:
    return await db.write(commands.revoke_key, caller, key_id)


@session.get("")
async def who(caller: Anyone) -> SessionOut:
    return SessionOut(kind=caller.kind, subject=caller.subject, tenants=list(caller.tenants))


routers = (merchants, keys, session)
