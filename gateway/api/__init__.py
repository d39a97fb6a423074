"""The gateway's own resources."""

from fastapi import APIRouter

from gateway.api import buyers, identity, notifications, webhooks

router = APIRouter()
for each in (*identity.routers, *webhooks.routers, *buyers.routers, notifications.router):
    router.include_router(each)
