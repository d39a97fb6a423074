"""Fitting a model: its snapshot kept, its job started, its answer recorded."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis import jobs
from chassis.caller import Caller
from chassis.db import now
from chassis.http import FieldError, NotYetKnown, Problem
from chassis.operations import job_out
from contracts.values import new_id
from services.segmentation.domain import artefact
from services.segmentation.domain.features import (
    FEATURE_SET,
    LOGGED,
    NAMES,
    SnapshotKey,
    rates_of,
)
from services.segmentation.domain.names import language_of
from services.segmentation.models import Membership, SegmentModel, SnapshotRow, TakenSnapshot
from services.segmentation.queries import known, models, snapshots
from services.segmentation.queries.snapshots import Taken
from services.segmentation.schemas.models import FitOut, NewModel

FIT = "segment model fit"


def key_of(session: Session, tenant: str, asked: NewModel) -> SnapshotKey:
    """What the asked snapshot is decided by. Refuses what lies ahead."""
    merchant = known.merchant(session, tenant)
    if merchant is None:
        raise NotYetKnown("/population", "this merchant")
    at = now()
    return SnapshotKey(
        cutoff=_past("cutoff", asked.cutoff, at),
        known_at=_past("known_at", asked.known_at, at),
        base_currency=merchant.base_currency,
        home=tuple(sorted(merchant.countries)),
        rates=rates_of(asked.rates),
        window_days=asked.window_days,
    )


def _past(name: str, moment: datetime | None, at: datetime) -> datetime:
    if moment is not None and moment > at:
        raise wrong(f"/{name}", "in-future", f"{name} lies ahead; give a moment that has passed")
    return moment or at


def take(session: Session, tenant: str, asked: NewModel) -> Taken:
    """Read before the fit is started: facts of a year are more than a command may hold up."""
    check_features(asked)
    return snapshots.take(session, tenant, key_of(session, tenant, asked))


def check_features(asked: NewModel) -> None:
    for number, name in enumerate(asked.features or []):
        if name not in NAMES:
            raise wrong(f"/features/{number}", "unknown", f"{name} is none of {', '.join(NAMES)}")
    for name in asked.weights:
        if name not in NAMES:
            raise wrong(f"/weights/{name}", "unknown", f"{name} is none of {', '.join(NAMES)}")


def start_fit(session: Session, caller: Caller, asked: NewModel, taken: Taken) -> FitOut:
    """A job that makes a draft; while it runs, the same question has the same job."""
    tenant = caller.tenant
    known.hold_merchant(session, tenant)
    kept = _keep_snapshot(session, tenant, taken)
    rows = snapshots.rows_of(session, kept.snapshot_id)
    used = asked.features or list(NAMES)
    _check_rows(list(rows.values()), used, asked)
    sha256 = _asked_sha256(asked, kept)
    row = models.being_fitted(session, tenant, sha256)
    if row is None:
        row = _new_model(session, caller, asked, kept, sha256)
        row.job_id = jobs.start(session, FIT, tenant, _given(session, row, kept, rows))
        session.flush()
    job = job_out(jobs.job_of(session, tenant, row.job_id))
    return FitOut(model_id=row.model_id, **job.model_dump())


def _keep_snapshot(session: Session, tenant: str, taken: Taken) -> TakenSnapshot:
    """The first that was taken of a key stays; nothing that comes late alters it."""
    if (kept := snapshots.kept(session, tenant, taken.key)) is not None:
        return kept
    row = TakenSnapshot(
        snapshot_id=new_id("snp"),
        tenant=tenant,
        key_sha256=taken.key.sha256(tenant),
        key=snapshots.key_json(taken.key),
        cutoff=taken.key.cutoff,
        known_at=taken.key.known_at,
        rows_sha256=taken.snapshot.sha256(),
        priors=dict(taken.snapshot.priors),
        left_out=dict(taken.snapshot.left_out),
        created_at=now(),
    )
    session.add(row)
    session.flush()
    subjects = zip(taken.snapshot.subjects, taken.snapshot.rows, strict=True)
    erased = known.erased(session, tenant)  # after it was taken, and before this
    found = [
        {"snapshot_id": row.snapshot_id, "place": at, "subject": subject, "features": list(each)}
        for at, (subject, each) in enumerate(subjects)
        if subject not in erased
    ]
    if found:
        session.connection().execute(insert(SnapshotRow), found)  # rows, not objects
    return row


def _check_rows(rows: list[list[float]], used: list[str], asked: NewModel) -> None:
    if not rows:
        raise wrong("/cutoff", "empty-snapshot", "nobody bought in this window; take another one")
    places = [NAMES.index(name) for name in used]
    distinct = len({tuple(row[at] for at in places) for row in rows})
    fewest = min(asked.counts)
    if distinct < fewest:
        pointer = "/fewest_clusters" if asked.clusters is None else "/clusters"
        message = f"{distinct} distinct rows, {fewest} clusters asked; ask for fewer"
        raise wrong(pointer, "too-few-rows", message)


def _asked_sha256(asked: NewModel, kept: TakenSnapshot) -> str:
    said = asked.model_dump(mode="json", exclude={"cutoff", "known_at"})
    return hashlib.sha256(
        f"{kept.snapshot_id} {json.dumps(said, sort_keys=True)}".encode()
    ).hexdigest()


def _new_model(
    session: Session, caller: Caller, asked: NewModel, kept: TakenSnapshot, sha256: str
) -> SegmentModel:
    before = models.published(session, caller.tenant)
    row = SegmentModel(
        model_id=new_id("mdl"),
        tenant=caller.tenant,
        population=asked.population,
        version=models.last_version(session, caller.tenant, asked.population) + 1,
        status="fitting",
        snapshot_id=kept.snapshot_id,
        asked_sha256=sha256,
        asked=asked.model_dump(mode="json"),
        asked_by=caller.subject,
        job_id="",
        based_on=None if before is None else before.model_id,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return row


def _given(
    session: Session, row: SegmentModel, kept: TakenSnapshot, rows: dict[int, list[float]]
) -> dict[str, Any]:
    """What the child computes on: rows without anybody's id."""
    before = None if row.based_on is None else models.model(session, row.tenant, row.based_on)
    merchant = known.merchant(session, row.tenant)
    return {
        "model_id": row.model_id,
        "feature_set": FEATURE_SET,
        "features": list(NAMES),
        "logged": sorted(LOGGED),
        "use": row.asked["features"] or list(NAMES),
        "weights": row.asked["weights"],
        "rows": list(rows.values()),
        "priors": kept.priors,
        "clusters": NewModel.model_validate(row.asked).counts,
        "m": row.asked["m"],
        "seed": row.asked["seed"],
        "language": language_of(merchant.languages if merchant else []),
        "snapshot": kept.key | {"sha256": kept.rows_sha256, "subjects": len(rows)},
        "previous": None if before is None else models.document_of(before),
        "places": list(rows),
    }


def record_fit(session: Session, job: Any, found: dict[str, Any]) -> dict[str, Any]:
    """The draft, with everyone's memberships; or that there are no stable segments."""
    given = json.loads(job.input)
    row = models.model(session, job.tenant, given["model_id"], lock=True)
    row.selection = found["selection"]
    if found["artefact"] is None:
        row.status = "undivided"
        return _report(row, found["selection"]["reason"])
    document = _with_ids(found["artefact"])
    row.artefact = artefact.written(artefact.sealed(document))
    row.matching = _told(found["matching"], [each["id"] for each in document["segments"]])
    row.status = "draft"
    _keep_memberships(session, row, given["places"], found["subjects"], document)
    count = len(document["segments"])
    return _report(row, f"{count} segments of {len(given['places'])} subjects, as a draft")


def _report(row: SegmentModel, summary: str) -> dict[str, Any]:
    return {"model_id": row.model_id, "status": row.status, "summary": summary}


def _with_ids(document: dict[str, Any]) -> dict[str, Any]:
    segments = [each | {"id": each["id"] or new_id("seg")} for each in document["segments"]]
    return document | {"segments": segments}


def _told(matching: dict[str, Any] | None, ids: list[str]) -> dict[str, Any] | None:
    if matching is None:
        return None
    before = matching.pop("ids")
    fresh = [segment for segment, old in zip(ids, before, strict=True) if old is None]
    merged = [ids[at] for at in matching.pop("merged")]
    return matching | {"new": fresh, "merged": merged}


def _keep_memberships(
    session: Session,
    row: SegmentModel,
    places: list[int],
    subjects: list[dict[str, Any]],
    document: dict[str, Any],
) -> None:
    """Who was erased meanwhile has no row in the snapshot, and so gets none here."""
    named = snapshots.subjects_of(session, row.snapshot_id)
    ids = [each["id"] for each in document["segments"]]
    found = [
        {
            "model_id": row.model_id,
            "subject": named[place],
            "tenant": row.tenant,
            "main": ids[each["main"]],
            "shares": dict(zip(ids, each["memberships"], strict=True)),
            "parts": each["parts"],
            "distance": each["distance"],
            "is_mixed": each["is_mixed"],
            "is_unusual": each["is_unusual"],
        }
        for place, each in zip(places, subjects, strict=True)
        if place in named
    ]
    if found:
        session.connection().execute(insert(Membership), found)  # rows, not objects


def wrong(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, code, message, [FieldError(pointer=pointer, code=code, message=message)])
