"""Routes of surveys: invitations, answers by token, the page itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from chassis.caller import Anyone, Caller, only
from chassis.http import PROBLEMS, Db, Page, PageQuery
from services.servqual.commands import surveys as commands
from services.servqual.queries import surveys as queries
from services.servqual.schemas.surveys import InvitationOut, NewResponse, ResponseOut

router = APIRouter(prefix="/surveys", tags=["surveys"])
_GONE: dict[int | str, dict[str, Any]] = {410: PROBLEMS[409] | {"description": "Closed"}}
Inviting = Annotated[Caller, Depends(only("merchant", "operator"))]


@router.get("/invitations")
async def list_invitations(asked: PageQuery, caller: Inviting, db: Db) -> Page[InvitationOut]:
    """What the platform asks this merchant about; neither it nor the provider can choose."""
    return await db.read(queries.invitations_of, caller, asked)


@router.post("/responses", status_code=201, responses=_GONE)
async def answer(new: NewResponse, _: Anyone, db: Db) -> ResponseOut:
    """By the token of the invitation, once; the same answers again are answered as stored."""
    return await db.write(commands.answer, new)
