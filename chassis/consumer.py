"""The thread that reads the log and runs handlers, partition by partition."""

import logging
import threading
from collections import defaultdict, deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic

from chassis import consume
from chassis.consume import Handlers
from chassis.db import Database, has_failed
from chassis.log import Delivery, Log, LogUnavailable, Place, Record, Subscription
from chassis.telemetry import HANDLER_FAILURES

BATCH = 50  # records of one partition in one transaction
TRIES = 5  # then a record is parked; a database or broker that fails is tried for ever
POLL_S = 0.5
COUNT_S = 2.0  # how often the parked records are counted
_logger = logging.getLogger(__name__)


@dataclass
class _Lane:
    """One partition: what was read and not yet done, in order."""

    waiting: deque[Delivery] = field(default_factory=deque)
    failures: int = 0  # of its first record
    delays: int = 0  # since it last got on
    alone: bool = False  # after a failed batch, one record at a time
    due: float = 0.0


class Consumer:
    """Reads every topic its handlers name. A retried partition is paused while others go on."""

    def __init__(self, service: str, db: Database, log: Log, handlers: Handlers) -> None:
        self._service = service
        self._db = db
        self._log = log
        self._handlers = handlers
        self._lanes: dict[Place, _Lane] = defaultdict(_Lane)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"consume-{service}", daemon=True)

    def start(self) -> None:
        if self._handlers:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._handlers:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            subscription: Subscription | None = None
            try:
                subscription = self._subscribe()
                self._follow(subscription)
            except LogUnavailable as error:
                _logger.warning("%s cannot read the log: %s", self._service, error)
                self._stopping.wait(1.0)
            except Exception:
                _logger.exception("%s reads the log again after an error", self._service)
                self._stopping.wait(1.0)
            finally:
                if subscription is not None:
                    subscription.close()

    def _subscribe(self) -> Subscription:
        self._lanes.clear()
        return self._log.subscribe(
            self._service,
            consume.topics_of(self._handlers),
            lambda places: self._db.look(consume.positions, places).result(),
        )

    def _follow(self, subscription: Subscription) -> None:
        count_at = 0.0
        while not self._stopping.is_set():
            if monotonic() >= count_at:
                self._db.look(consume.count_parked, self._service).result()
                count_at = monotonic() + COUNT_S
            polled = subscription.poll(self._patience())
            for place in subscription.lost():
                self._lanes.pop(place, None)
            for delivery in polled:
                self._lanes[delivery.place].waiting.append(delivery)
            while self._work(subscription) and not self._stopping.is_set():
                pass

    def _patience(self) -> float:
        """Until the next retry is due, half a second at most."""
        due = [lane.due for lane in self._lanes.values() if lane.waiting]
        return max(0.0, min([POLL_S, *(moment - monotonic() for moment in due)]))

    def _work(self, subscription: Subscription) -> bool:
        """One transaction per partition that has something due; False once nothing is."""
        running: list[tuple[Place, list[Delivery], Future[list[Record]]]] = []
        for place, lane in self._lanes.items():
            if lane.waiting and lane.due <= monotonic():
                batch = list(lane.waiting)[: 1 if lane.alone else BATCH]
                running.append((place, batch, self._submit(batch)))
        done = [self._settle(subscription, *each) for each in running]
        return any(done)

    def _submit(self, batch: list[Delivery]) -> "Future[list[Record]]":
        return self._db.submit(consume.handle, self._service, self._handlers, batch)

    def _settle(
        self,
        subscription: Subscription,
        place: Place,
        batch: list[Delivery],
        future: "Future[list[Record]]",
    ) -> bool:
        lane = self._lanes[place]
        try:
            effective = future.result()
        except Exception as error:
            return self._failed(subscription, lane, batch, error)
        consume.observe(self._service, effective)
        self._advance(subscription, lane, place, batch)
        return bool(lane.waiting)

    def _advance(
        self, subscription: Subscription, lane: _Lane, place: Place, batch: list[Delivery]
    ) -> None:
        for _ in batch:
            lane.waiting.popleft()
        lane.failures, lane.delays, lane.due = 0, 0, 0.0
        if lane.alone and not lane.waiting:
            lane.alone = False
            subscription.resume(place)
        subscription.commit({place: batch[-1].offset + 1})

    def _failed(
        self, subscription: Subscription, lane: _Lane, batch: list[Delivery], error: Exception
    ) -> bool:
        record = batch[0].record
        if not lane.alone:
            lane.alone = True
            subscription.pause(batch[0].place)
        lane.delays += 1
        lane.due = monotonic() + 0.05 * 2 ** min(lane.delays, 7)
        if has_failed(error):
            _logger.warning("%s waits for its database: %s", self._service, error)
            return False
        HANDLER_FAILURES.labels(self._service, record.type).inc()
        if len(batch) > 1:
            lane.due = 0.0  # found out one by one which record it is
            return True
        lane.failures += 1
        _logger.warning(
            "%s %s failed %s times", record.type, record.event_id, lane.failures, exc_info=error
        )
        if lane.failures >= TRIES:
            return self._park(subscription, lane, batch, error)
        return False

    def _park(
        self, subscription: Subscription, lane: _Lane, batch: list[Delivery], error: Exception
    ) -> bool:
        said = f"{type(error).__name__}: {error}"[:2000]
        self._db.submit(consume.park, batch[0], said).result()
        self._advance(subscription, lane, batch[0].place, batch)
        return bool(lane.waiting)
