"""Routes of tariff."""

from fastapi import APIRouter

router = APIRouter()
