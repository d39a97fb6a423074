"""What is known of a provider on paper: documents, checks, channels, audits, what it has done.

Days are days of UTC; a document is valid through its last day.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from contracts.values import Money

DocumentKind = Literal[
    "identity", "licence", "insurance", "data_agreement", "dangerous_goods", "cold_chain",
    "references",
]  # fmt: skip
AuditKind = Literal["self", "remote", "on_site", "mystery"]
DATED = frozenset({"identity", "licence", "insurance"})  # an agreement may have no last day
REQUIRED = ("identity", "licence", "insurance", "data_agreement")
AGREEMENT = "1"  # the version of the data agreement in force
EVERYWHERE = "*"
SCREENED_FOR = timedelta(days=30)
CHECKED_FOR = timedelta(days=30)
AUDITED_FOR = {"on_site": 365, "remote": 182, "mystery": 182}  # days; a self audit opens no gate
REMINDERS = (30, 14, 3)  # days before the last one


@dataclass(frozen=True)
class Document:
    """`country` is where it counts, `*` everywhere; `covers` what an insurance pays at most."""

    document_id: str
    kind: DocumentKind
    number: str
    country: str
    valid_from: date
    valid_to: date | None
    state: str
    covers: Money | None = None

    def in_force(self, on: date) -> bool:
        started = self.state == "verified" and self.valid_from <= on
        return started and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class Screening:
    on: date
    open_hits: int


@dataclass(frozen=True)
class Reach:
    """One check of one channel: whether it answered, and whether a person did."""

    on: date
    channel: str
    passed: bool
    human: bool


@dataclass(frozen=True)
class Audit:
    on: date
    kind: AuditKind
    score: float | None  # passed weight / applicable weight; None: nothing was applicable
    failed_critical: bool


@dataclass(frozen=True)
class Waiver:
    """For one gate, with a reason, agreed by two persons, until its last day."""

    gate: str
    until: date


@dataclass(frozen=True)
class Record:
    """What it did here. None is not known; `concluded` is decayed as every other trial is."""

    concluded: float = 0.0
    tenders: int = 0
    accepted: int = 0
    feed_seen: bool | None = None  # scans of its own feed within 30 days
    scan_compliance: float | None = None  # within 30 days
    labels_by_api: bool | None = None


@dataclass(frozen=True)
class Dossier:
    country: str
    lane_countries: frozenset[str] = frozenset()
    documents: tuple[Document, ...] = ()
    screenings: tuple[Screening, ...] = ()
    reaches: tuple[Reach, ...] = ()
    audits: tuple[Audit, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    record: Record = Record()

    def of(self, kind: str, on: date) -> list[Document]:
        return [each for each in self.documents if each.kind == kind and each.in_force(on)]

    def countries(self) -> frozenset[str]:
        """Where it must be licensed: its own country and those of its lanes."""
        return self.lane_countries | {self.country}


@dataclass(frozen=True)
class Span:
    """From the first to the last day something is good for; no last day means for ever."""

    first: date
    last: date | None


def covered_until(spans: Iterable[Span], on: date) -> date | None:
    """The last day of unbroken cover from `on`; the day before `on` where there is none.

    None: for ever. A renewal counts where it begins no later than the day after the last.
    """
    last = on - timedelta(days=1)
    for span in sorted(spans, key=lambda each: each.first):
        if span.first > last + timedelta(days=1):
            break
        if span.last is None:
            return None
        last = max(last, span.last)
    return last


def needs(dossier: Dossier) -> dict[str, list[Span]]:
    """What must be in force on every day it carries, and the days it is."""
    found = {
        "insurance": _spans(dossier, "insurance"),
        "data_agreement": _spans(dossier, "data_agreement", lambda each: each.number == AGREEMENT),
        "identity": _spans(dossier, "identity"),
        "sanctions": _screened(dossier),
    }
    for country in sorted(dossier.countries()):
        found[f"licence {country}"] = _spans(dossier, "licence", _counts_in(country))
    found["data_agreement"] += [  # of these the only one that can be waived
        Span(date.min, waiver.until)
        for waiver in dossier.waivers
        if waiver.gate == "data_agreement"
    ]
    return found


def _spans(
    dossier: Dossier, kind: str, fits: Callable[[Document], bool] = lambda _: True
) -> list[Span]:
    return [
        Span(each.valid_from, each.valid_to)
        for each in dossier.documents
        if each.kind == kind and each.state == "verified" and fits(each)
    ]


def _counts_in(country: str) -> Callable[[Document], bool]:
    return lambda each: each.country in (EVERYWHERE, country)


def _screened(dossier: Dossier) -> list[Span]:
    """A hit counts from its day on, until a later screening finds none open."""
    hits = [each.on for each in dossier.screenings if each.open_hits]
    spans = []
    for each in dossier.screenings:
        if not each.open_hits:
            until_hit = min((hit for hit in hits if hit >= each.on), default=date.max)
            last = min(each.on + SCREENED_FOR, max(until_hit - timedelta(days=1), date.min))
            spans.append(Span(each.on, last))
    return spans


def eligible_until(dossier: Dossier, on: date) -> date | None:
    """The last day on which all that is required is in force; before `on` where something is not.

    None: nothing ends.
    """
    ends = [covered_until(spans, on) for spans in needs(dossier).values()]
    return min((end for end in ends if end is not None), default=None)


def lapsed(dossier: Dossier, on: date) -> list[str]:
    """What of the required is not in force today, by name."""
    ends = {name: covered_until(spans, on) for name, spans in needs(dossier).items()}
    return [name for name, end in ends.items() if end is not None and end < on]


def insured_up_to(dossier: Dossier, on: date) -> Money | None:
    """The best cover of one shipment today; amounts of two currencies are not compared."""
    covers = [each.covers for each in dossier.of("insurance", on) if each.covers is not None]
    first = covers[0].currency if covers else ""
    same = [each for each in covers if each.currency == first]
    return max(same, key=lambda each: each.minor, default=None)


def reminder_due(document: Document, last_reminder: int | None, on: date) -> int | None:
    """30, 14 or 3 where that one is due now and was not sent; None otherwise."""
    if document.valid_to is None or document.state != "verified":
        return None
    left = (document.valid_to - on).days
    due = [days for days in REMINDERS if 0 <= left <= days]
    if not due or (last_reminder is not None and last_reminder <= due[-1]):
        return None
    return due[-1]


def audit_score(items: Iterable[tuple[int, bool, str]]) -> tuple[float | None, bool]:
    """(weight, critical, pass | fail | not_applicable) -> score 0..1, a critical item failed."""
    listed = list(items)
    applicable = sum(weight for weight, _, verdict in listed if verdict != "not_applicable")
    passed = sum(weight for weight, _, verdict in listed if verdict == "pass")
    failed_critical = any(critical and verdict == "fail" for _, critical, verdict in listed)
    return (passed / applicable if applicable else None), failed_critical
