"""Routes of shipping."""

from fastapi import APIRouter

router = APIRouter()
