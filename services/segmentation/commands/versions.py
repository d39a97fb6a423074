"""Publishing and retiring a version; naming a segment."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import Problem, not_found
from chassis.outbox import publish
from contracts.segmentation import SegmentModelPublished, SegmentsChanged
from services.segmentation.models import SegmentModel, SegmentName
from services.segmentation.queries import known, models
from services.segmentation.schemas.models import ModelOut, NamedOut, NewName


def publish_model(session: Session, caller: Caller, model_id: str) -> ModelOut:
    """The one published before is retired. Said with what became of its segments."""
    known.hold_merchant(session, caller.tenant)
    row = models.model(session, caller.tenant, model_id, lock=True)
    before = models.published(session, caller.tenant, row.population, lock=True)
    _check_publishable(row, before)
    at = now()
    if before is not None:
        before.status, before.retired_at = "retired", at
        session.flush()
    row.status, row.published_at, row.published_by = "published", at, caller.subject
    session.flush()
    _say(session, row)
    return models.model_out(session, row)


def _check_publishable(row: SegmentModel, before: SegmentModel | None) -> None:
    if row.status != "draft":
        raise Problem(409, "not-a-draft", f"this model is {row.status}; only a draft is published")
    if models.document_of(row)["is_collapsed"]:
        detail = "its segments collapsed into one: try a smaller m, fewer features, other clusters"
        raise Problem(409, "collapsed", detail)
    now_published = None if before is None else before.model_id
    if row.based_on != now_published:
        detail = "another version was published since this was fitted; fit again to keep its ids"
        raise Problem(409, "published-meanwhile", detail)


def _say(session: Session, row: SegmentModel) -> None:
    ids = [each["id"] for each in models.document_of(row)["segments"]]
    publish(
        session,
        SegmentModelPublished(
            tenant=row.tenant,
            sequence=1,
            model_id=row.model_id,
            population="customers",
            version=row.version,
            segments=tuple(ids),
        ),
    )
    if row.matching is not None:
        publish(
            session,
            SegmentsChanged(
                tenant=row.tenant,
                sequence=2,
                model_id=row.model_id,
                kept=tuple(row.matching["kept"]),
                new=tuple(row.matching["new"]),
                vanished=tuple(row.matching["vanished"]),
                moved_share=row.matching["moved_share"],
            ),
        )


def retire_model(session: Session, caller: Caller, model_id: str) -> ModelOut:
    """No version acts then, until another is published. Running offers keep what they froze."""
    row = models.model(session, caller.tenant, model_id, lock=True)
    if row.status not in ("draft", "published"):
        raise Problem(409, "not-in-force", f"this model is {row.status}; it cannot be retired")
    row.status, row.retired_at = "retired", now()
    session.flush()
    return models.model_out(session, row)


def name_segment(session: Session, caller: Caller, segment_id: str, new: NewName) -> NamedOut:
    """The merchant's own name survives refits."""
    there = {each.segment_id for each in models.segments(session, caller.tenant).data}
    if segment_id not in there:
        raise not_found("segment")
    session.execute(
        delete(SegmentName).where(
            SegmentName.tenant == caller.tenant, SegmentName.segment_id == segment_id
        )
    )
    session.add(SegmentName(tenant=caller.tenant, segment_id=segment_id, name=new.name))
    return NamedOut(segment_id=segment_id, name=new.name)
