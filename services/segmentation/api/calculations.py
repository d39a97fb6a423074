"""Calculations on rows given inline, stored nowhere: anyone can check our numbers."""

import asyncio

from fastapi import APIRouter

from chassis.caller import Merchant
from services.segmentation.queries import calculations
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
    return await asyncio.to_thread(calculations.fit, new)


@router.post("/indices")
async def indices(new: NewIndices, _: Merchant) -> IndicesResult:
    return await asyncio.to_thread(calculations.validity, new)
