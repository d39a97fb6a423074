"""The order of rated offers for one shipment: an additive value between fixed anchors."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.logistics.domain.shipping.criteria import (
    WEIGHTS,
    Anchors,
    Candidate,
    Criterion,
    check,
)

EXPLORED_WITHIN = 10.0  # points of the first


@dataclass(frozen=True)
class Scored:
    """`contributions` add up to the score of 0 to 100."""

    candidate: Candidate
    contributions: Mapping[Criterion, float]
    score: float
    sd: float


@dataclass(frozen=True)
class Ranked:
    """`group` counts from 0; offers of one group are tied with its first. `why_not` names up to
    two criteria on which it loses most to the best, the greatest loss first.
    """

    scored: Scored
    group: int
    why_not: tuple[Criterion, ...] = ()
    is_exploration: bool = False


def rank(
    candidates: Sequence[Candidate], anchors: Mapping[Criterion, Anchors], *, explore: bool = False
) -> tuple[Ranked, ...]:
    """No offer's score depends on the others. With `explore` the best provisional offer within 10
    points of the best goes first, marked. Raises RankingRefused.
    """
    check(candidates)
    scored = [score(each, anchors) for each in candidates]
    placed = [
        Ranked(each, number) for number, group in enumerate(_groups(scored)) for each in group
    ]
    explained = tuple(
        replace(each, why_not=why_not(each.scored, placed[0].scored)) for each in placed
    )
    return _explored(explained) if explore else explained


def score(candidate: Candidate, anchors: Mapping[Criterion, Anchors]) -> Scored:
    contributions = {
        criterion: weight * anchors[criterion].worth(candidate.values[criterion].value)
        for criterion, weight in WEIGHTS.items()
    }
    sd = math.hypot(
        *(
            weight * anchors[criterion].spread(candidate.values[criterion])
            for criterion, weight in WEIGHTS.items()
        )
    )
    return Scored(candidate, contributions, math.fsum(contributions.values()), sd)


def why_not(mine: Scored, best: Scored) -> tuple[Criterion, ...]:
    losses = {
        criterion: best.contributions[criterion] - value
        for criterion, value in mine.contributions.items()
    }
    worst = sorted(losses, key=lambda criterion: (-losses[criterion], criterion))
    return tuple(criterion for criterion in worst[:2] if losses[criterion] > 0)


def _groups(scored: Iterable[Scored]) -> list[list[Scored]]:
    """By score; each offer joins the group before it if it is tied with the first of that."""
    groups: list[list[Scored]] = []
    for each in sorted(scored, key=lambda one: (-one.score, *_by_cost(one))):
        if groups and _is_tied(groups[-1][0], each):
            groups[-1].append(each)
        else:
            groups.append([each])
    return [sorted(group, key=_by_cost) for group in groups]


def _is_tied(first: Scored, other: Scored) -> bool:
    """Nearer than half the pooled sd, or the same."""
    pooled = math.sqrt((first.sd**2 + other.sd**2) / 2)
    return first.score - other.score < pooled / 2 or first.score == other.score


def _by_cost(scored: Scored) -> tuple[float, str]:
    return scored.candidate.values[Criterion.COST].value, scored.candidate.id


def _explored(ranked: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """The first is left if it is provisional itself: it needs no help."""
    if not ranked or ranked[0].scored.candidate.is_provisional:
        return ranked
    reach = ranked[0].scored.score - EXPLORED_WITHIN
    for each in ranked:
        if each.scored.candidate.is_provisional and each.scored.score >= reach:
            rest = tuple(other for other in ranked if other is not each)
            return (replace(each, is_exploration=True), *rest)
    return ranked
