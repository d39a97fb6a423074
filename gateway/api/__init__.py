"""The gateway's own resources."""

from fastapi import APIRouter

from gateway.api import buyers, identity, webhooks

router = APIRouter()
for each in (*identity.routers, *webhooks.routers, *buyers.routers):
    router.include_router(each)
