"""Logs as JSON lines, trace context, and the chassis's own Prometheus metrics."""

import json
import logging
import re
import secrets
import sys
from contextvars import ContextVar

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUEST_SECONDS = Histogram(
    "hansa_http_request_duration_seconds",
    "From the request's first byte to the answer's last",
    ("service", "method", "route", "status"),
    buckets=_SECONDS,
)
IN_FLIGHT = Gauge("hansa_http_requests_in_flight", "Requests being answered", ("service",))
OUTBOX_DEPTH = Gauge("hansa_outbox_depth", "Events said and not yet in the log", ("service",))
OUTBOX_AGE = Gauge("hansa_outbox_oldest_seconds", "Age of the oldest of them", ("service",))
RELAYED = Counter("hansa_relayed_events_total", "Events moved to the log", ("service",))
RELAY_FAILURES = Counter("hansa_relay_failures_total", "Batches the log refused", ("service",))
HANDLED = Counter("hansa_events_handled_total", "Events handled", ("service", "event"))
HANDLER_SECONDS = Histogram(
    "hansa_handler_duration_seconds",
    "One event's handler, without the commit",
    ("service", "event"),
    buckets=_SECONDS,
)
HANDLER_FAILURES = Counter(
    "hansa_handler_failures_total", "Handler runs that raised", ("service", "event")
)
EVENT_LAG = Histogram(
    "hansa_event_lag_seconds",
    "From an event being said to its handler's commit",
    ("service",),
    buckets=(*_SECONDS, 30, 60, 300),
)
PARKED = Gauge("hansa_parked_records", "Records set aside for a person", ("service",))
CALLS = Counter(
    "hansa_outgoing_calls_total", "Calls to the outside", ("service", "kind", "outcome")
)
CALLS_DUE = Gauge("hansa_outgoing_calls_due", "Calls not yet answered", ("service",))
GROUP_SIZE = Histogram(
    "hansa_group_commit_size", "Writes committed together", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
DELIVERIES = Counter(
    "hansa_inbound_deliveries_total", "Webhooks taken in", ("service", "kind", "outcome")
)
JOBS = Counter("hansa_jobs_total", "Computations that ended", ("service", "kind", "outcome"))

request_id: ContextVar[str] = ContextVar("request_id", default="")
_trace: ContextVar[str] = ContextVar("trace", default="")
_TRACEPARENT = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")


def current_trace() -> str:
    """The W3C traceparent of what runs now; a new one where nothing began it."""
    return _trace.get() or new_trace()


def new_trace() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def follow_trace(traceparent: str) -> None:
    """From here on, what this context says belongs to that trace."""
    _trace.set(traceparent if _TRACEPARENT.match(traceparent) else new_trace())


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        if _trace.get():
            line["trace_id"] = _trace.get()[3:35]
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def log_json(level: str) -> None:
    """Every logger of this process writes JSON lines to standard error."""
    import time  # noqa: PLC0415 - only to make the formatter's clock UTC

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter := _JsonLines())
    formatter.converter = time.gmtime
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "httpx", "httpx2", "kafka", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
