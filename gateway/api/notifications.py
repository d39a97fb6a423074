"""Notifications: who is written to, in which words, and what was sent."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from chassis.caller import Anyone, Merchant
from chassis.http import Configured, Db, Page
from gateway import queries
from gateway.commands import notifications as commands
from gateway.schemas.notifications import (
    Audience,
    ContactGiven,
    ContactOut,
    NotificationOut,
    NotificationsAsked,
    OptedOut,
    OptOuts,
    TemplateGiven,
    TemplateList,
    TemplateNamed,
)

router = APIRouter(prefix="/notifications", tags=["notifications"])
Subject = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Token = Annotated[str, Path(max_length=400)]


@router.get("")
async def index(
    asked: Annotated[NotificationsAsked, Query()], caller: Merchant, db: Db
) -> Page[NotificationOut]:
    """The log, the newest first."""
    return await db.read(queries.notifications, caller.tenant, asked)


@router.get("/templates")
async def templates(caller: Merchant, db: Db) -> TemplateList:
    return await db.read(queries.templates, caller.tenant)


@router.put("/templates")
async def keep_template(given: TemplateGiven, caller: Merchant, db: Db) -> TemplateGiven:
    """Replaces the one for the same event, audience and language."""
    return await db.write(commands.keep_template, caller.tenant, given)


@router.delete("/templates")
async def drop_template(
    named: Annotated[TemplateNamed, Query()], caller: Merchant, db: Db
) -> TemplateList:
    """Answers what is left."""
    return await db.write(commands.drop_template, caller.tenant, named)


@router.put("/contacts/{audience}/{subject}")
async def keep_contact(
    audience: Audience, subject: Subject, given: ContactGiven, caller: Merchant, db: Db
) -> ContactOut:
    """A buyer by its buyer_id, one of the merchant's own people by any word."""
    return await db.write(commands.keep_contact, caller.tenant, audience, subject, given)


@router.get("/contacts/{audience}/{subject}")
async def contact(
    audience: Audience, subject: Subject, caller: Merchant, db: Db, settings: Configured
) -> ContactOut:
    keys = settings.master_keys
    return await db.read(queries.contact, keys, caller.tenant, audience, subject)


@router.delete("/contacts/{audience}/{subject}")
async def drop_contact(
    audience: Audience, subject: Subject, caller: Merchant, db: Db
) -> ContactOut:
    return await db.write(commands.drop_contact, caller.tenant, audience, subject)


@router.put("/contacts/{audience}/{subject}/opt-outs")
async def set_opt_outs(
    audience: Audience, subject: Subject, given: OptOuts, caller: Merchant, db: Db
) -> OptedOut:
    return await db.write(commands.set_opt_outs, caller.tenant, audience, subject, given)


@router.post("/opt-outs/{token}")
async def opt_out(token: Token, _: Anyone, db: Db) -> OptedOut:
    """One click in a letter (RFC 8058); the token in its link is the proof."""
    return await db.write(commands.opt_out, token)
