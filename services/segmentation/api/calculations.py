"""Calculations on rows given inline, stored nowhere: anyone can check our numbers."""

from fastapi import APIRouter

from chassis.caller import Merchant
from services.segmentation.queries import calculations
from services.segmentation.queries.apart import apart
from services.segmentation.schemas.calculations import (
    FitResult,
    IndicesResult,
    NewFit,
    NewIndices,
)

router = APIRouter(prefix="/segmentation/calculations", tags=["segmentation-calculations"])


@router.post("/fit")
async def fit(new: NewFit, _: Merchant) -> FitResult:
    """Fuzzy c-means; order the rows as you like, the centres are the same to rounding."""
    return await apart(calculations.fit, new)


@router.post("/indices")
async def indices(new: NewIndices, _: Merchant) -> IndicesResult:
    return await apart(calculations.validity, new)
