"""Routes of scorecards and questionnaires: parse, call one query, return."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from chassis.caller import Anyone
from chassis.http import Db, Page, PageQuery, not_found
from services.servqual.api.providers import Named
from services.servqual.domain.instrument import DIMENSIONS, FORMS, VERSION, form_of
from services.servqual.domain.instrument.items import HIGHEST, LOWEST
from services.servqual.domain.instrument.wording import CLAUSES, NAMES, STEMS
from services.servqual.queries import ratings
from services.servqual.schemas.scorecards import PointOut, ScorecardOut
from services.servqual.schemas.surveys import ItemOut, Language, QuestionnaireOut

router = APIRouter()
scorecards = APIRouter(prefix="/scorecards", tags=["scorecards"])
questionnaires = APIRouter(prefix="/questionnaires", tags=["questionnaires"])
AsOf = Annotated[AwareDatetime | None, Query()]
Weights = Annotated[
    str | None, Query(max_length=200, examples=["REL:32,RES:22,ASS:19,EMP:16,TAN:11"])
]


@scorecards.get("/{provider_id}")
async def show(
    provider_id: Named, _: Anyone, db: Db, as_of: AsOf = None, weights: Weights = None
) -> ScorecardOut:
    """An estimate with its interval, its evidence and its parts. No evidence is null, never 0."""
    return await db.read(ratings.scorecard, provider_id, as_of, weights)


@scorecards.get("/{provider_id}/history")
async def history(provider_id: Named, asked: PageQuery, _: Anyone, db: Db) -> Page[PointOut]:
    return await db.read(ratings.history, provider_id, asked)


@questionnaires.get("/{version}")
async def questionnaire(version: Named, _: Anyone, language: Language = "en") -> QuestionnaireOut:
    if version != VERSION:
        raise not_found("questionnaire")
    return QuestionnaireOut(
        version=VERSION,
        language=language,
        perception_stem=STEMS[language]["perception"],
        expectation_stem=STEMS[language]["expectation"],
        lowest=LOWEST,
        highest=HIGHEST,
        dimensions=dict(NAMES[language]),
        items=[
            ItemOut(item=item, dimension=name, clause=CLAUSES[language][item])
            for name, items in DIMENSIONS.items()
            for item in items
        ],
        forms={name: list(form_of(name).perception) for name in FORMS},
    )


router.include_router(scorecards)
router.include_router(questionnaires)
