"""The order of offers for one shipment: an additive value between fixed anchors."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.servqual.domain.ranking.offers import (
    WEIGHTS,
    Anchors,
    Criterion,
    FailedGate,
    Offer,
    check,
)

EXPLORED_WITHIN = 10.0  # points of the first


@dataclass(frozen=True)
class Scored:
    """`contributions` add up to the score of 0 to 100."""

    offer: Offer
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


@dataclass(frozen=True)
class Excluded:
    offer: Offer
    failed: tuple[FailedGate, ...]


@dataclass(frozen=True)
class Ranking:
    ranked: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]


def rank(
    offers: Sequence[Offer],
    anchors: Mapping[Criterion, Anchors],
    weights: Mapping[Criterion, float] = WEIGHTS,
    *,
    explore: bool = False,
) -> Ranking:
    """No offer's score depends on the others. With `explore` the best provisional offer within 10
    points of the best goes first, marked. Raises RankingRefused.
    """
    check(offers, weights)
    excluded = tuple(Excluded(offer, offer.failed) for offer in offers if offer.failed)
    scored = [score(offer, anchors, weights) for offer in offers if not offer.failed]
    placed = [
        Ranked(each, number) for number, group in enumerate(_groups(scored)) for each in group
    ]
    explained = tuple(replace(each, why_not=_why_not(each, placed[0])) for each in placed)
    return Ranking(_explored(explained) if explore else explained, excluded)


def score(
    offer: Offer, anchors: Mapping[Criterion, Anchors], weights: Mapping[Criterion, float]
) -> Scored:
    contributions = {
        criterion: weight * anchors[criterion].worth(offer.values[criterion].value)
        for criterion, weight in weights.items()
    }
    sd = math.hypot(
        *(
            weight * anchors[criterion].spread(offer.values[criterion])
            for criterion, weight in weights.items()
        )
    )
    return Scored(offer, contributions, math.fsum(contributions.values()), sd)


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
    cost = scored.offer.values.get(Criterion.COST)
    return cost.value if cost else 0.0, scored.offer.id


def _why_not(each: Ranked, best: Ranked) -> tuple[Criterion, ...]:
    mine, theirs = each.scored.contributions, best.scored.contributions
    losses = {criterion: theirs[criterion] - mine[criterion] for criterion in mine}
    worst = sorted(losses, key=lambda criterion: (-losses[criterion], criterion))
    return tuple(criterion for criterion in worst[:2] if losses[criterion] > 0)


def _explored(ranked: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """The first is left if it is provisional itself: it needs no help."""
    if not ranked or ranked[0].scored.offer.is_provisional:
        return ranked
    reach = ranked[0].scored.score - EXPLORED_WITHIN
    for each in ranked:
        if each.scored.offer.is_provisional and each.scored.score >= reach:
            rest = tuple(other for other in ranked if other is not each)
            return (replace(each, is_exploration=True), *rest)
    return ranked
