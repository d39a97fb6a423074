"""Routes of logistics, by noun."""

from fastapi import APIRouter

from services.logistics.api import calculations, duty, history, shipping, stock, tariff, tracking

router = APIRouter()
for room in (calculations, duty, tariff, stock, shipping, tracking, history):
    router.include_router(room.router)
