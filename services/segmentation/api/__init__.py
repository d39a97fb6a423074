"""Routes of segmentation, by noun: parse, call one command or query, return."""

from fastapi import APIRouter

from services.segmentation.api import calculations, models, offers

router = APIRouter()
for each in (*models.ROUTERS, offers.router, calculations.router):
    router.include_router(each)
