"""Who carries it: the best by a fixed rule, or as the merchant says; never later than promised
while another keeps the promise. Every offer keeps its score and the reason of its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from contracts.servqual import RatingChanged
from services.logistics.domain.shipping.criteria import Anchors, Candidate, Criterion, Estimate
from services.logistics.domain.shipping.exchange import Compared, Priced, compared
from services.logistics.domain.shipping.ranking import Ranked, Scored, rank, why_not
from services.logistics.domain.shipping.rates import Excluded, Offer, Rates

MOST_ASKED = 3  # offers that are asked before nobody is said to carry it
PolicyKind = Literal["best", "cheapest", "fastest", "fixed"]


@dataclass(frozen=True)
class Policy:
    """The merchant's, per market. `provider` goes first where it is fixed; the rest by `best`."""

    kind: PolicyKind = "best"
    provider: str | None = None
    explores: bool = True


@dataclass(frozen=True)
class Wanted:
    """What the quote froze, and how the merchant wants it chosen."""

    provider: str | None
    service: str
    promised_on: date | None
    policy: Policy = Policy()
    explore: bool = False


@dataclass(frozen=True)
class Known:
    """What is known on the day: `lane` as `DE-US`, ratings by provider, units per currency."""

    lane: str
    anchors: Mapping[Criterion, Anchors]
    ratings: Mapping[str, RatingChanged]
    provisional: frozenset[str]
    rates: Mapping[str, Decimal]


@dataclass(frozen=True)
class Placed:
    """An offer in its place. `ranked` is null for one that could not be scored."""

    priced: Priced
    is_late: bool
    ranked: Ranked | None
    because: str = ""

    @property
    def offer(self) -> Offer:
        return self.priced.offer


@dataclass(frozen=True)
class Decision:
    currency: str
    placed: tuple[Placed, ...]
    excluded: tuple[Excluded, ...]


def decide(found: Rates, known: Known, wanted: Wanted) -> Decision:
    """Who keeps the promise before who does not; there the rated by their score, then the unrated
    by their price; then as the policy says.
    """
    prices = compared(found.offers, known.rates)
    in_order = [
        each
        for late in (False, True)
        for each in _best(
            [one for one in prices.priced if _is_late(one.offer, wanted) is late],
            prices,
            known,
            replace(wanted, explore=wanted.explore and not late),
        )
    ]
    in_order.sort(key=lambda each: _place(each, wanted))  # stable: equals stay as they were
    told = tuple(_told(each, in_order[0], wanted, prices.currency) for each in in_order)
    return Decision(prices.currency, told, (*found.excluded, *prices.excluded))


def candidate(priced: Priced, known: Known) -> Candidate | None:
    """None where nobody has rated the provider, or not said how often it is on time."""
    said = known.ratings.get(priced.offer.provider)
    if said is None:
        return None
    theta = said.on_time.get(known.lane) or said.on_time.get("*")
    if theta is None:
        return None
    where = f"of {known.lane}" if known.lane in said.on_time else "over all lanes"
    values = {
        Criterion.COST: Estimate(priced.minor, 0.0, "price"),
        Criterion.ON_TIME: Estimate(theta.value, theta.sd, f"share on time {where}"),
        Criterion.RATING: Estimate(
            said.without_reliability, said.without_reliability_sd, f"rating {said.model}"
        ),
        Criterion.DAMAGE: Estimate(said.loss_damage.value, said.loss_damage.sd, "share damaged"),
    }
    is_provisional = priced.offer.provider in known.provisional
    return Candidate(id_of(priced.offer), values, is_provisional)


def id_of(offer: Offer) -> str:
    return f"{offer.provider}/{offer.service}"


def _best(offers: Sequence[Priced], prices: Compared, known: Known, wanted: Wanted) -> list[Placed]:
    """All of these keep the promise, or none does."""
    by_id = {id_of(each.offer): each for each in offers}
    rated = [found for each in offers if (found := candidate(each, known))]
    ranked = rank(rated, known.anchors, explore=wanted.explore) if prices.is_scorable else ()
    scored = [_placed(by_id.pop(each.scored.candidate.id), each, wanted) for each in ranked]
    unrated = sorted(by_id.values(), key=lambda each: _by_price(each, wanted))
    return [*scored, *(_placed(each, None, wanted) for each in unrated)]


def _placed(priced: Priced, ranked: Ranked | None, wanted: Wanted) -> Placed:
    return Placed(priced, _is_late(priced.offer, wanted), ranked)


def _by_price(each: Priced, wanted: Wanted) -> tuple[int, bool, date, str, str]:
    """The quoted one first among equals of price."""
    offer = each.offer
    is_quoted = (offer.provider, offer.service) == (wanted.provider, wanted.service)
    return each.minor, not is_quoted, offer.promised_on, offer.provider, offer.service


def _is_late(offer: Offer, wanted: Wanted) -> bool:
    return wanted.promised_on is not None and offer.promised_on > wanted.promised_on


def _place(each: Placed, wanted: Wanted) -> tuple[object, ...]:
    """By the policy; what keeps the promise comes first whatever it says."""
    price = _by_price(each.priced, wanted)
    own: dict[PolicyKind, tuple[object, ...]] = {
        "best": (),
        "cheapest": price,
        "fastest": (each.offer.promised_on, *price),
        "fixed": (each.offer.provider != wanted.policy.provider,),
    }
    return each.is_late, *own[wanted.policy.kind]


def _told(each: Placed, first: Placed, wanted: Wanted, currency: str) -> Placed:
    """With the reason of its place; `why_not` is against the first of all."""
    if each.ranked is not None and each is not first:
        best = first.ranked and first.ranked.scored
        losses = why_not(each.ranked.scored, best) if best else ()
        each = replace(each, ranked=replace(each.ranked, why_not=losses))
    because = _because_first(each, wanted) if each.priced is first.priced else ""
    return replace(each, because=because or _because(each, first, wanted, currency))


_FIRST: dict[PolicyKind, str] = {
    "cheapest": "the cheapest that keeps the promise, as the merchant wants it",
    "fastest": "the earliest, as the merchant wants it",
    "fixed": "the merchant's own provider",
}


def _because_first(each: Placed, wanted: Wanted) -> str:
    policy = wanted.policy
    if each.is_late:
        return ""
    if policy.kind in ("cheapest", "fastest") or each.offer.provider == policy.provider:
        return _FIRST.get(policy.kind, "")
    if each.ranked is None:
        return "unrated; the cheapest that keeps the promise"
    if each.ranked.is_exploration:
        return f"{_points(each.ranked.scored)}; provisional, and given a chance to show how it does"
    return f"{_points(each.ranked.scored)}, the best that keeps the promise"


def _because(each: Placed, first: Placed, wanted: Wanted, currency: str) -> str:
    parts = [_points(each.ranked.scored) if each.ranked else "unrated"]
    if each.is_late and wanted.promised_on is not None:
        late = (each.offer.promised_on - wanted.promised_on).days
        parts.append(f"{late} days later than promised")
    elif each.ranked and each.ranked.why_not:
        parts.append("loses by " + " and ".join(each.ranked.why_not))
    else:
        dearer = each.priced.minor - first.priced.minor
        parts.append(f"keeps the promise, {dearer} {currency} minor units dearer")
    return "; ".join(parts)


def _points(scored: Scored) -> str:
    return f"{scored.score:.1f} of 100"
