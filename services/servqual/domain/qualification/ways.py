"""The ways of a provider: one table. Every way that is not in it is refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Status(StrEnum):
    APPLIED = "applied"
    DOCUMENTS_SUBMITTED = "documents_submitted"
    UNDER_REVIEW = "under_review"
    PROVISIONAL = "provisional"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


class Actor(StrEnum):
    PROVIDER = "provider"
    OPERATOR = "operator"
    SYSTEM = "system"


Asked = Literal["nothing", "documents", "provisional", "approved"]


@dataclass(frozen=True)
class Way:
    """Who may go it, who needs a second person for it, what must hold, whether it says why."""

    by: frozenset[Actor]
    second_person: bool = False
    asked: Asked = "nothing"
    reason: bool = False


@dataclass(frozen=True)
class Refused:
    """`illegal` (no such way), `actor` (not for this one), `reason`, `person` (the same twice)."""

    why: Literal["illegal", "actor", "reason", "person"]
    allowed: tuple[str, ...] = ()


_OPERATOR = frozenset({Actor.OPERATOR})
_SYSTEM_TOO = frozenset({Actor.OPERATOR, Actor.SYSTEM})
_PROVIDER = frozenset({Actor.PROVIDER})
_REVOKE = Way(_OPERATOR, second_person=True, reason=True)
_SUSPEND = Way(_SYSTEM_TOO, reason=True)

WAYS: dict[tuple[Status, Status], Way] = {
    (Status.APPLIED, Status.DOCUMENTS_SUBMITTED): Way(_PROVIDER, asked="documents"),
    (Status.DOCUMENTS_SUBMITTED, Status.UNDER_REVIEW): Way(_OPERATOR),
    (Status.UNDER_REVIEW, Status.DOCUMENTS_SUBMITTED): Way(_OPERATOR, reason=True),
    (Status.UNDER_REVIEW, Status.REJECTED): Way(_OPERATOR, reason=True),
    (Status.UNDER_REVIEW, Status.PROVISIONAL): Way(
        _OPERATOR, second_person=True, asked="provisional"
    ),
    (Status.PROVISIONAL, Status.APPROVED): Way(_OPERATOR, second_person=True, asked="approved"),
    (Status.PROVISIONAL, Status.SUSPENDED): _SUSPEND,
    (Status.APPROVED, Status.SUSPENDED): _SUSPEND,
    (Status.SUSPENDED, Status.PROVISIONAL): Way(
        _SYSTEM_TOO, second_person=True, asked="provisional"
    ),
    (Status.SUSPENDED, Status.APPROVED): Way(_SYSTEM_TOO, second_person=True, asked="approved"),
    **{
        (status, Status.WITHDRAWN): Way(_PROVIDER)
        for status in (
            Status.APPLIED,
            Status.DOCUMENTS_SUBMITTED,
            Status.UNDER_REVIEW,
            Status.PROVISIONAL,
        )
    },
    **{(status, Status.REVOKED): _REVOKE for status in Status if status != Status.REVOKED},
}


def allowed(status: Status, actor: Actor) -> tuple[str, ...]:
    """Where this actor may bring it from here."""
    return tuple(to.value for (at, to), way in WAYS.items() if at == status and actor in way.by)


def way(at: Status, to: Status, actor: Actor, reason: str) -> Way | Refused:
    """Whether an actor may propose this way. The second person comes by `confirm`."""
    found = WAYS.get((at, to))
    if found is None:
        return Refused("illegal", allowed(at, actor))
    if actor not in found.by:
        return Refused("actor", allowed(at, actor))
    if found.reason and not reason.strip():
        return Refused("reason")
    return found


def needs_second(found: Way, actor: Actor) -> bool:
    """What the system does by rule needs nobody; what a person decides, another confirms."""
    return found.second_person and actor == Actor.OPERATOR


def confirm(first_person: str, second_person: str) -> Refused | None:
    return Refused("person") if first_person == second_person else None


CARRYING = frozenset({Status.PROVISIONAL, Status.APPROVED})
