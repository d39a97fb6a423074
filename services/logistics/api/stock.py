"""Routes of stock."""

from fastapi import APIRouter

router = APIRouter()
