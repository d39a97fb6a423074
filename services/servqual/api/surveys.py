"""Routes of surveys: invitations, answers by token, the page itself."""

from typing import Annotated

from fastapi import APIRouter, Depends

from chassis.caller import Anyone, Caller, only
from chassis.http import Db, Page, PageQuery
from services.servqual.commands import surveys as commands
from services.servqual.queries import surveys as queries
from services.servqual.schemas.surveys import InvitationOut, NewResponse, ResponseOut

router = APIRouter(prefix="/surveys", tags=["surveys"])
Inviting = Annotated[Caller, Depends(only("merchant", "operator"))]


@router.get("/invitations")
async def list_invitations(asked: PageQuery, caller: Inviting, db: Db) -> Page[InvitationOut]:
    """What the platform asks this merchant about; neither it nor the provider can choose."""
    return await db.read(queries.invitations_of, caller, asked)


@router.post("/responses", status_code=201)
async def answer(new: NewResponse, _: Anyone, db: Db) -> ResponseOut:
    """By the token of the invitation, once; the same answers again are answered as stored."""
    return await db.write(commands.answer, new)
