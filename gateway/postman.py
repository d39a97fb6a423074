"""Sends letters, outside every transaction."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Counter

from chassis.db import Database, now
from gateway import queries
from gateway.adapters.mail import PostOffice
from gateway.commands import notifying
from gateway.domain.notifications import Letter
from gateway.worker import Errand, Worker

AT_ONCE = 4  # each takes a thread while it is sent

LETTERS = Counter("hansa_notification_attempts_total", "E-mails handed over", ("outcome",))


def postman(
    db: Database, office: PostOffice, clock: Callable[[], datetime] = now
) -> Worker[Letter]:
    """A crash repeats a letter, with the same Message-ID."""

    async def make(letter: Letter) -> None:
        sent = await asyncio.to_thread(office.send, letter)
        LETTERS.labels(sent.outcome).inc()
        await db.write(notifying.record_letter, letter, sent, clock())

    errand = Errand("letters", AT_ONCE, queries.has_letters, notifying.claim_letters, make)
    return Worker(db, errand, clock)
