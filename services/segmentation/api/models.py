"""Segment models, segments, memberships."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath

from chassis.caller import Merchant
from chassis.http import Configured, Db, Page, PageQuery, once_heard
from chassis.idempotency import Once
from services.segmentation.commands import erasing, fits, versions
from services.segmentation.queries import calculations
from services.segmentation.queries import models as found
from services.segmentation.queries.apart import apart
from services.segmentation.schemas.models import (
    DriftOut,
    ErasedOut,
    FitOut,
    MembershipOut,
    ModelOut,
    NamedOut,
    NewModel,
    NewName,
    NewPredictions,
    PredictionsOut,
    SegmentList,
    SelectionOut,
    Subject,
)

models = APIRouter(prefix="/segment-models", tags=["segment-models"])
segments = APIRouter(prefix="/segments", tags=["segments"])
memberships = APIRouter(prefix="/memberships", tags=["memberships"])
ROUTERS = (models, segments, memberships)
OfSubject = Annotated[Subject, InPath()]
Segment = Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,40}$")]
Least = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
_ARTEFACT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}


@models.post("", status_code=202)
async def fit_model(
    new: NewModel, caller: Merchant, db: Db, settings: Configured, once: Once
) -> FitOut:
    """A job that ends in a draft."""
    within = settings.heard_wait.total_seconds()
    taken = await once_heard(db, within, lambda: db.read(fits.take, caller.tenant, new))
    return await once.write(fits.start_fit, caller, new, taken)


@models.get("")
async def list_models(asked: PageQuery, caller: Merchant, db: Db) -> Page[ModelOut]:
    return await db.read(found.models, caller.tenant, asked)


@models.get("/{model_id}")
async def show_model(model_id: str, caller: Merchant, db: Db) -> ModelOut:
    return await db.read(found.show_model, caller.tenant, model_id)


@models.post("/{model_id}/publish")
async def publish_model(model_id: str, caller: Merchant, db: Db) -> ModelOut:
    return await db.write(versions.publish_model, caller, model_id)


@models.post("/{model_id}/retire")
async def retire_model(model_id: str, caller: Merchant, db: Db) -> ModelOut:
    return await db.write(versions.retire_model, caller, model_id)


@models.get("/{model_id}/artefact", response_class=Response, responses=_ARTEFACT)
async def show_artefact(model_id: str, caller: Merchant, db: Db) -> Response:
    """The very bytes whose hash it names."""
    text = await db.read(found.artefact_of, caller.tenant, model_id)
    return Response(text, media_type="application/json")


@models.get("/{model_id}/selection")
async def show_selection(model_id: str, caller: Merchant, db: Db) -> SelectionOut:
    """The counts that were tried, what each is worth, and the reason for the choice."""
    return await db.read(found.selection, caller.tenant, model_id)


@models.get("/{model_id}/drift")
async def show_drift(model_id: str, caller: Merchant, db: Db) -> DriftOut:
    """Counted when asked: the subjects of now against those it was made of."""
    asked = await db.read(calculations.to_watch, caller.tenant, model_id)
    return await apart(calculations.watched, asked)


@models.post("/{model_id}/predictions")
async def predict(model_id: str, new: NewPredictions, caller: Merchant, db: Db) -> PredictionsOut:
    """Nothing is stored."""
    asked = await db.read(calculations.to_predict, caller.tenant, model_id, new)
    return await apart(calculations.predicted, asked)


@segments.get("")
async def list_segments(caller: Merchant, db: Db) -> SegmentList:
    return await db.read(found.segments, caller.tenant)


@segments.put("/{segment_id}/name")
async def name_segment(segment_id: str, new: NewName, caller: Merchant, db: Db) -> NamedOut:
    return await db.write(versions.name_segment, caller, segment_id, new)


@memberships.get("")
async def list_memberships(
    asked: PageQuery, caller: Merchant, db: Db, segment: Segment = None, least: Least = 0.5
) -> Page[MembershipOut]:
    return await db.read(found.memberships, caller.tenant, (segment, least), asked)


@memberships.get("/{subject}")
async def show_membership(
    subject: OfSubject, caller: Merchant, db: Db, as_of: Version = None
) -> MembershipOut:
    """`as_of` names an older version."""
    return await db.read(found.membership, caller.tenant, subject, as_of)


@memberships.delete("/{subject}")
async def erase_subject(subject: OfSubject, caller: Merchant, db: Db) -> ErasedOut:
    """Facts, memberships and consent go; what is heard later of this buyer is not kept."""
    return await db.write(erasing.forget_subject, caller, subject)
