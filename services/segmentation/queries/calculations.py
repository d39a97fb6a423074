"""Numbers computed for a caller and kept nowhere; those that wait for a process run `apart`."""

from dataclasses import astuple, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import FieldError, Problem
from services.segmentation.domain.artefact import Document
from services.segmentation.domain.features import snapshot
from services.segmentation.models import TakenSnapshot
from services.segmentation.queries import models, snapshots
from services.segmentation.queries.apart import computed
from services.segmentation.queries.results import Outcomes
from services.segmentation.schemas.calculations import (
    FitResult,
    IndicesResult,
    NewFit,
    NewIndices,
)
from services.segmentation.schemas.models import DriftOut, NewPredictions, PredictionsOut
from services.segmentation.schemas.offers import ResultOut

_DOMAIN = "services.segmentation.domain"


@dataclass(frozen=True)
class Watched:
    model_id: str
    version: int
    trained_at: datetime
    at: datetime
    rows: tuple[tuple[float, ...], ...]


def fit(asked: NewFit) -> FitResult:
    try:
        return FitResult.model_validate(computed(f"{_DOMAIN}.calculations:fit", asked.model_dump()))
    except ValueError as error:
        pointer = "/init" if str(error).startswith("init") else "/rows"
        raise _wrong(pointer, str(error)) from error


def validity(asked: NewIndices) -> IndicesResult:
    found = computed(f"{_DOMAIN}.calculations:validity", asked.model_dump())
    return IndicesResult(indices=found)


def to_predict(
    session: Session, tenant: str, model_id: str, new: NewPredictions
) -> tuple[PredictionsOut, Document, list[list[float]]]:
    """The answer but for its numbers, the artefact, the rows in its order of features."""
    row = models.model(session, tenant, model_id)
    document = models.document_of(row)
    rows = [_row(document, number, given) for number, given in enumerate(new.rows)]
    return PredictionsOut(model_id=row.model_id, version=row.version, data=[]), document, rows


def _row(document: Document, number: int, given: dict[str, float]) -> list[float]:
    """A feature that the model does not use may be missing."""
    used = {column["name"] for column in document["transform"]}
    for name in given:
        if name not in document["features"]:
            raise _wrong(f"/rows/{number}/{name}", f"{name} is no feature of this model")
    for name in sorted(used):
        if name not in given:
            raise _wrong(f"/rows/{number}", f"the model needs {name}")
    return [given.get(name, 0.0) for name in document["features"]]


def predicted(asked: tuple[PredictionsOut, Document, list[list[float]]]) -> PredictionsOut:
    answer, document, rows = asked
    found = computed(f"{_DOMAIN}.scoring:predict", {"artefact": document, "rows": rows})
    return PredictionsOut.model_validate(answer.model_dump() | {"data": found})


def to_watch(session: Session, tenant: str, model_id: str) -> tuple[Watched, Document]:
    """Everybody of now, counted as training was: same window, same rates, same priors."""
    row = models.model(session, tenant, model_id)
    document = models.document_of(row)
    taken = session.get_one(TakenSnapshot, row.snapshot_id)
    at = now()
    key = replace(snapshots.key_of(taken), cutoff=at, known_at=at)
    orders = snapshots.orders_known(session, tenant, at, at)
    found = snapshot(orders, key, document["priors"])
    if not found.rows:
        raise Problem(409, "empty-snapshot", "nobody bought in the window that ends now")
    return Watched(row.model_id, row.version, taken.cutoff, at, found.rows), document


def watched(asked: tuple[Watched, Document]) -> DriftOut:
    now_there, document = asked
    given = {"artefact": document, "rows": now_there.rows}
    return DriftOut(
        model_id=now_there.model_id,
        version=now_there.version,
        cutoff=now_there.at,
        age_days=(now_there.at - now_there.trained_at).days,
        **computed(f"{_DOMAIN}.scoring:watch", given),
    )


def result(outcomes: Outcomes) -> ResultOut:
    if outcomes.is_running:
        return ResultOut(offer_id=outcomes.offer_id, status="running", ends_at=outcomes.ends_at)
    given = {"outcomes": list(map(astuple, outcomes.found)), "segments": outcomes.segments}
    found = computed(f"{_DOMAIN}.effect:effects", given)
    return ResultOut(
        offer_id=outcomes.offer_id,
        status="counted",
        ends_at=outcomes.ends_at,
        base_currency=outcomes.base_currency,
        not_counted=outcomes.not_counted,
        orders_with_offer=outcomes.orders_with_offer,
        effect=found["whole"],
        by_segment=found["by_segment"],
    )


def _wrong(pointer: str, message: str) -> Problem:
    error = FieldError(pointer=pointer, code="unusable", message=message)
    return Problem(422, "unusable", message, [error])
