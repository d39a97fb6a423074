"""Routes of servqual, by noun."""

from fastapi import APIRouter

from services.servqual.api import pages, providers, qualifications, scorecards, surveys

router = APIRouter()
for room in (providers, qualifications, surveys, scorecards, pages):
    router.include_router(room.router)
