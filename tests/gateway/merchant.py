"""A merchant with one webhook endpoint, and a clock that leaps."""

import json
from datetime import timedelta
from typing import Any

from chassis.db import now
from contracts.orders import OrderCompleted
from gateway import queries
from gateway.commands import telling, webhooks
from gateway.domain.webhooks import ATTEMPTS, Answer
from gateway.schemas.webhooks import DeliveriesAsked, NewEndpoint
from tests.running import MERCHANT, RunningService

URL = "https://shop.example/hooks"
THANKS = Answer("delivered", 200, "thanks")
SORRY = Answer("refused", 500, "sorry")
SECOND = timedelta(seconds=1)


class Merchant:
    """One endpoint, and a clock that leaps."""

    def __init__(self, gateway: RunningService) -> None:
        self.gateway = gateway
        made = gateway.does(webhooks.create_endpoint, MERCHANT, NewEndpoint(url=URL))
        self.endpoint_id, self.secret = made.endpoint_id, made.secret
        self.at = now() + SECOND
        self.orders: dict[str, str] = {}

    def hears_of(self, *orders: str) -> None:
        for order in orders:
            self.gateway.hears(OrderCompleted(tenant=MERCHANT, order_id=order))

    def attempts(self, answer: Answer = THANKS, chance: float = 0.0) -> str | None:
        """The order that one attempt, due by now, was about."""
        made = self.claim()
        if made is None:
            return None
        self.gateway.does(telling.record_attempt, made, answer, self.at, chance)
        self.at += SECOND
        return str(json.loads(made.body)["subject"])

    def claim(self) -> telling.Attempt | None:
        claimed = self.gateway.does(telling.claim_attempts, self.at, 10)
        assert len(claimed) <= 1
        return claimed[0] if claimed else None

    def deliveries(self, **asked: Any) -> list[Any]:
        """The oldest first."""
        page = self.gateway.reads(queries.deliveries, MERCHANT, DeliveriesAsked(**asked))
        return list(reversed(page.data))

    def endpoint(self) -> Any:
        return self.gateway.reads(queries.endpoint, MERCHANT, self.endpoint_id)

    def exhausts(self, order: str) -> None:
        """Ten failures, as fast as the schedule lets them."""
        self.hears_of(order)
        for _ in range(ATTEMPTS):
            assert self.attempts(SORRY) == order
            self.at += timedelta(days=1, hours=3)
