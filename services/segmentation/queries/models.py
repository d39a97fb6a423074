"""Models, their segments, who belongs where."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.http import Page, PageAsked, Problem, not_found, page_of
from chassis.jobs import job_of
from services.segmentation.domain.artefact import BadArtefact, opened
from services.segmentation.models import (
    Membership,
    SegmentModel,
    SegmentName,
    TakenSnapshot,
)
from services.segmentation.queries import snapshots
from services.segmentation.schemas.models import (
    MembershipOut,
    ModelOut,
    SegmentList,
    SegmentOut,
    SelectionOut,
)


def model(session: Session, tenant: str, model_id: str, *, lock: bool = False) -> SegmentModel:
    found = select(SegmentModel).where(
        SegmentModel.model_id == model_id, SegmentModel.tenant == tenant
    )
    row = session.scalars(found.with_for_update() if lock else found).first()
    if row is None:
        raise not_found("segment model")
    return row


def published(
    session: Session, tenant: str, population: str = "customers", *, lock: bool = False
) -> SegmentModel | None:
    found = select(SegmentModel).where(
        SegmentModel.tenant == tenant,
        SegmentModel.population == population,
        SegmentModel.status == "published",
    )
    return session.scalars(found.with_for_update() if lock else found).first()


def of_version(session: Session, tenant: str, version: int) -> SegmentModel:
    found = select(SegmentModel).where(
        SegmentModel.tenant == tenant,
        SegmentModel.population == "customers",
        SegmentModel.version == version,
        SegmentModel.artefact.is_not(None),
    )
    row = session.scalars(found).first()
    if row is None:
        raise not_found("version")
    return row


def last_version(session: Session, tenant: str, population: str) -> int:
    found = select(func.max(SegmentModel.version)).where(
        SegmentModel.tenant == tenant, SegmentModel.population == population
    )
    return session.execute(found).scalar() or 0


def being_fitted(session: Session, tenant: str, asked_sha256: str) -> SegmentModel | None:
    """The same snapshot and parameters while their job runs: the same job."""
    found = select(SegmentModel).where(
        SegmentModel.tenant == tenant,
        SegmentModel.asked_sha256 == asked_sha256,
        SegmentModel.status == "fitting",
    )
    rows = (row for row in session.scalars(found) if _job_status(session, row) == "fitting")
    return next(rows, None)


def document_of(row: SegmentModel) -> dict[str, Any]:
    """The artefact, checked; a Problem where there is none or it was altered."""
    if row.artefact is None:
        raise Problem(409, "no-model", f"this model is {row.status}; there is nothing to show yet")
    try:
        return opened(row.artefact)
    except BadArtefact as error:
        raise Problem(409, "artefact-refused", str(error)) from error


def artefact_of(session: Session, tenant: str, model_id: str) -> str:
    row = model(session, tenant, model_id)
    document_of(row)  # refused here where it was altered
    return row.artefact or ""


def names_of(session: Session, tenant: str) -> dict[str, str]:
    found = select(SegmentName.segment_id, SegmentName.name).where(SegmentName.tenant == tenant)
    return dict(session.execute(found).all())


def show_model(session: Session, tenant: str, model_id: str) -> ModelOut:
    return model_out(session, model(session, tenant, model_id))


def models(session: Session, tenant: str, asked: PageAsked) -> Page[ModelOut]:
    wanted = select(SegmentModel).where(SegmentModel.tenant == tenant)
    rows, following = page_of(session, wanted, SegmentModel.model_id, asked)
    return Page(data=[model_out(session, row) for row in rows], next_cursor=following)


def model_out(session: Session, row: SegmentModel) -> ModelOut:
    taken = session.get_one(TakenSnapshot, row.snapshot_id)
    found: dict[str, Any] = {} if row.artefact is None else document_of(row)
    return ModelOut(
        model_id=row.model_id,
        population="customers",
        version=row.version,
        status=_job_status(session, row),
        job_id=row.job_id,
        cutoff=taken.cutoff,
        known_at=taken.known_at,
        snapshot_sha256=taken.rows_sha256,
        left_out=taken.left_out,
        stale_subjects=snapshots.stale_subjects(session, taken),
        structure=found.get("structure"),
        m=found.get("m"),
        stability=(found.get("stability") or {}).get("agreement"),
        is_collapsed=found.get("is_collapsed"),
        indices=found.get("indices", {}),
        dropped=found.get("dropped", {}),
        segments=_segments(found, names_of(session, row.tenant)),
        matching=row.matching,
        created_at=row.created_at,
        published_at=row.published_at,
        published_by=row.published_by,
    )


def selection(session: Session, tenant: str, model_id: str) -> SelectionOut:
    row = model(session, tenant, model_id)
    if row.selection is None:
        status = _job_status(session, row)
        raise Problem(409, "no-selection", f"this model is {status}; nothing was selected yet")
    return SelectionOut(
        model_id=row.model_id, version=row.version, asked_by=row.asked_by, **row.selection
    )


def _job_status(session: Session, row: SegmentModel) -> Any:
    """A fit that ended without an answer has failed, or was cancelled."""
    if row.status != "fitting":
        return row.status
    job = job_of(session, row.tenant, row.job_id)
    is_alive = job is not None and job.status in ("queued", "running")
    return "fitting" if is_alive else "failed"


def _segments(document: dict[str, Any], own: dict[str, str]) -> list[SegmentOut]:
    return [
        SegmentOut(
            segment_id=each["id"],
            name=own.get(each["id"], each["name"]),
            **{
                name: each[name]
                for name in ("mass_share", "value_share", "found_again", "z", "profile")
            },
        )
        for each in document.get("segments", [])
    ]


def segments(session: Session, tenant: str) -> SegmentList:
    """Of the published version; none before there is one."""
    row = published(session, tenant)
    if row is None:
        return SegmentList(model_id=None, version=None, data=[])
    found = _segments(document_of(row), names_of(session, tenant))
    return SegmentList(model_id=row.model_id, version=row.version, data=found)


def membership(
    session: Session, tenant: str, subject: str, version: int | None = None
) -> MembershipOut:
    row = _version_read(session, tenant, version)
    found = session.get(Membership, (row.model_id, subject))
    if found is None:
        raise not_found("subject in this version")
    return _membership_out(found, row)


def memberships(
    session: Session, tenant: str, wanted: tuple[str | None, float], asked: PageAsked
) -> Page[MembershipOut]:
    """Of the published version; `wanted` is a segment and the least share in it."""
    row = _version_read(session, tenant, None)
    segment, least = wanted
    found = select(Membership).where(
        Membership.model_id == row.model_id, Membership.tenant == tenant
    )
    if segment is not None:
        found = found.where(Membership.shares[segment].as_float() >= least)
    rows, following = page_of(session, found, Membership.subject, asked)
    return Page(data=[_membership_out(each, row) for each in rows], next_cursor=following)


def _version_read(session: Session, tenant: str, version: int | None) -> SegmentModel:
    row = published(session, tenant) if version is None else of_version(session, tenant, version)
    if row is None:
        raise not_found("published segment model")
    return row


def _membership_out(found: Membership, row: SegmentModel) -> MembershipOut:
    return MembershipOut(
        subject=found.subject,
        model_id=row.model_id,
        version=row.version,
        main=None if found.is_mixed else found.main,
        shares=found.shares,
        is_mixed=found.is_mixed,
        is_unusual=found.is_unusual,
        distance=found.distance,
        parts=found.parts,
    )
