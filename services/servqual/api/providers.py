"""Routes of providers: parse, call one command or query, return."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from chassis.caller import Anyone, Caller, only
from chassis.http import Db, IfMatch, Page, PageQuery, etag
from chassis.idempotency import Once
from chassis.inbound import body_of
from services.servqual.commands import providers as commands
from services.servqual.commands import ways
from services.servqual.domain.qualification.ways import Status
from services.servqual.queries import providers as queries
from services.servqual.schemas.providers import (
    CapabilitiesIn,
    DocumentAsked,
    DocumentOut,
    LanesIn,
    NewProvider,
    ProviderOut,
    TransitionAsked,
    TransitionOut,
)

router = APIRouter(prefix="/providers", tags=["providers"])
FILE_LIMIT = 20 << 20
Registrar = Annotated[Caller, Depends(only("provider", "operator"))]
Named = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$")]
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}} for media in commands.MAGIC
        },
    }
}


@router.post("", status_code=201)
async def register(new: NewProvider, caller: Registrar, once: Once) -> ProviderOut:
    return await once.write(commands.register, caller, new)


@router.get("")
async def list_providers(
    asked: PageQuery, _: Anyone, db: Db, status: Status | None = None
) -> Page[ProviderOut]:
    return await db.read(queries.providers, status, asked)


@router.get("/{provider_id}")
async def show(provider_id: Named, _: Anyone, db: Db, response: Response) -> ProviderOut:
    found = await db.read(queries.show_provider, provider_id)
    response.headers["ETag"] = etag(found.version)
    return found


@router.put("/{provider_id}/capabilities")
async def set_capabilities(
    provider_id: Named, given: CapabilitiesIn, caller: Registrar, db: Db, match: IfMatch = None
) -> ProviderOut:
    return await db.write(commands.set_capabilities, caller, provider_id, given, match)


@router.put("/{provider_id}/lanes")
async def set_lanes(
    provider_id: Named, given: LanesIn, caller: Registrar, db: Db, match: IfMatch = None
) -> ProviderOut:
    return await db.write(commands.set_lanes, caller, provider_id, given, match)


@router.post("/{provider_id}/documents", status_code=201, openapi_extra=_FILE)
async def add_document(
    provider_id: Named,
    asked: Annotated[DocumentAsked, Query()],
    caller: Registrar,
    request: Request,
    db: Db,
) -> DocumentOut:
    """The file is the body: PDF, PNG or JPEG, at most 20 MiB."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = await body_of(request, FILE_LIMIT)
    commands.check_file(media_type, content)
    return await db.write(commands.add_document, caller, provider_id, asked, (media_type, content))


@router.get("/{provider_id}/documents")
async def list_documents(
    provider_id: Named, asked: PageQuery, caller: Registrar, db: Db
) -> Page[DocumentOut]:
    return await db.read(queries.documents, caller, provider_id, asked)


@router.get(
    "/{provider_id}/documents/{document_id}/file",
    response_class=Response,
    responses={200: {"content": {media: {} for media in commands.MAGIC}}},
)
async def show_file(provider_id: Named, document_id: Named, caller: Registrar, db: Db) -> Response:
    media_type, content = await db.read(queries.document_file, caller, provider_id, document_id)
    shown = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=shown)


@router.post("/{provider_id}/transitions", status_code=201)
async def move(
    provider_id: Named, asked: TransitionAsked, caller: Registrar, once: Once
) -> ProviderOut:
    return await once.write(ways.move, caller, provider_id, asked)


@router.get("/{provider_id}/transitions")
async def list_transitions(
    provider_id: Named, asked: PageQuery, caller: Registrar, db: Db
) -> Page[TransitionOut]:
    return await db.read(queries.transitions, caller, provider_id, asked)
