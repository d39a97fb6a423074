"""Offers in the order of the choice, with what each is worth; and the choice kept."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.db import now, settings_of
from chassis.http import not_found
from contracts.values import Incoterm, Money
from services.logistics.domain.shipping.anchors import VERSION, anchors_for
from services.logistics.domain.shipping.choice import (
    Decision,
    Known,
    Placed,
    Policy,
    Wanted,
    decide,
)
from services.logistics.domain.shipping.criteria import WEIGHTS
from services.logistics.domain.shipping.exchange import COMPARED_IN, converted
from services.logistics.domain.shipping.explore import is_explored, may_explore
from services.logistics.domain.shipping.gates import Load
from services.logistics.domain.shipping.places import Place
from services.logistics.domain.shipping.ranking import Ranked
from services.logistics.domain.shipping.weight import Parcel
from services.logistics.models.shipping import ShippingPolicy
from services.logistics.models.stock import Location
from services.logistics.queries import exchange, providers, shipping, stock, tariff
from services.logistics.schemas.shipping import (
    ChoiceOffer,
    ChoiceOut,
    Decided,
    OfferOut,
    PolicyIn,
    PolicyList,
    PolicyOut,
    PriceLineOut,
    RatesAsked,
    RatesOut,
    ScoreOut,
)


@dataclass(frozen=True)
class Carriage:
    """One shipment that a carrier is wanted for. `request` is its canonical text: the same one is
    explored always or never.
    """

    ways: tuple[Location, Place]
    parcels: tuple[Parcel, ...]
    value: Money
    incoterm: Incoterm
    service_class: str
    wanted: Wanted
    request: str
    frozen: Money | None = None  # the freight as quoted

    @property
    def countries(self) -> tuple[str, str]:
        return self.ways[0].country, self.ways[1].country


@dataclass(frozen=True)
class Chosen:
    decision: Decision
    known: Known
    policy: Policy
    load: Load
    frozen_minor: int | None  # the freight as quoted, in the currency of the comparison
    at: datetime


def choose(session: Session, tenant: str, carriage: Carriage) -> Chosen:
    """By what was heard, the gates looked at now, and the policy of the destination's market."""
    known, at = known_for(session, carriage), now()
    value = tariff.in_currencies(session, carriage.countries[1], carriage.value)
    policy = policy_for(session, tenant, carriage.countries[1])
    promised_on = carriage.wanted.promised_on
    may = may_explore(
        days_left=(promised_on - at.date()).days if promised_on else None,
        value_minor=value.get(COMPARED_IN),
        merchant_allows=policy.explores,
    )
    key = settings_of(session).master_keys[0]
    wanted = replace(
        carriage.wanted,
        policy=policy,
        explore=may and is_explored(f"{tenant} {carriage.request}".encode(), key),
    )
    terms = (carriage.incoterm, at, value, dict.fromkeys(value, 0))
    found = shipping.offers(session, tenant, carriage.ways, carriage.parcels, terms)
    decision = decide(found, known, wanted)
    frozen_minor = None
    if carriage.frozen is not None:
        frozen_minor = converted(
            carriage.frozen.minor, carriage.frozen.currency, decision.currency, known.rates
        )
    load = shipping.load_of(carriage.parcels, value)
    return Chosen(decision, known, policy, load, frozen_minor, at)


def known_for(session: Session, carriage: Carriage) -> Known:
    origin, destination = carriage.countries
    weight_g = sum(parcel.weight_g for parcel in carriage.parcels)
    standings = providers.standings(session)
    return Known(
        lane=f"{origin}-{destination}",
        anchors=anchors_for(origin, destination, carriage.service_class, weight_g),
        ratings=providers.ratings(session),
        provisional=frozenset(
            name for name, each in standings.items() if each.status == "provisional"
        ),
        rates=exchange.rates_of_the_day(session, destination, origin),
    )


def policy_for(session: Session, tenant: str, country: str) -> Policy:
    market = tariff.market_for(session, tenant, country, None)
    row = market and session.get(ShippingPolicy, (tenant, market.code))
    return Policy(row.kind, row.provider, row.explores) if row else Policy()  # type: ignore[arg-type]


def policies(session: Session, tenant: str) -> PolicyList:
    found = select(ShippingPolicy).where(ShippingPolicy.tenant == tenant)
    rows = session.scalars(found.order_by(ShippingPolicy.market))
    return PolicyList(data=[policy_out(row) for row in rows])


def policy_out(row: ShippingPolicy) -> PolicyOut:
    return PolicyOut(
        market=row.market,
        kind=row.kind,
        provider_id=row.provider,
        explores=row.explores,
    )


def rates_out(session: Session, tenant: str, asked: RatesAsked, *, whole: bool) -> RatesOut:
    """Price lines of the merchant's own contracts are for the merchant only."""
    places = stock.locations(session, tenant)
    if not places:
        raise not_found("location to ship from")
    to = asked.destination
    carriage = Carriage(
        ways=(places[0], Place(to.country, to.region, to.postcode or None, True)),
        parcels=tuple(
            Parcel(
                each.weight_g, each.length_mm, each.width_mm, each.height_mm, frozenset(each.goods)
            )
            for each in asked.parcels
        ),
        value=asked.value,
        incoterm=asked.incoterm,
        service_class="standard",
        wanted=Wanted(None, "", None),
        request=asked.model_dump_json(),
    )
    chosen = choose(session, tenant, carriage)
    return RatesOut(
        offers=[_offer_out(each, chosen, whole=whole) for each in chosen.decision.placed],
        excluded=[shipping.refused_out(each) for each in chosen.decision.excluded],
    )


def _offer_out(placed: Placed, chosen: Chosen, *, whole: bool) -> OfferOut:
    offer = placed.offer
    return OfferOut(
        provider_id=offer.provider,
        service=offer.service,
        service_class=offer.service_class,
        version=offer.version,
        price=Money.of(offer.price_minor, offer.currency),
        lines=[
            PriceLineOut(
                kind=line.kind,
                amount=Money.of(line.amount_minor, offer.currency),
                row=line.row,
                formula=line.formula,
            )
            for line in (offer.lines if whole else ())
        ],
        promised_on=offer.promised_on,
        options_available=list(offer.options_available),
        gaps=[f"{gap.code}: {gap.detail}" for gap in offer.gaps],
        compared=Money.of(placed.priced.minor, chosen.decision.currency),
        score=_score_out(placed, chosen),
        because=placed.because,
    )


def _score_out(placed: Placed, chosen: Chosen) -> ScoreOut | None:
    if placed.ranked is None:
        return None
    scored, said = placed.ranked.scored, chosen.known.ratings[placed.offer.provider]
    return ScoreOut(
        score=scored.score,
        sd=scored.sd,
        contributions=dict(scored.contributions),
        sources={name: each.source for name, each in scored.candidate.values.items()},
        why_not=list(placed.ranked.why_not),
        is_tied_with_first=_is_tied(placed.ranked, placed, chosen.decision),
        is_exploration=placed.ranked.is_exploration,
        model=said.model,
        as_of=said.as_of,
    )


def _is_tied(ranked: Ranked, placed: Placed, decision: Decision) -> bool:
    """With another that is placed first."""
    first = decision.placed[0]
    return (
        placed is not first
        and first.ranked is not None
        and (first.ranked.group, first.is_late) == (ranked.group, placed.is_late)
    )


def decided(chosen: Chosen) -> Decided:
    """As it is kept: enough to see, and to calculate again, why each offer stands where it does."""
    return Decided(
        offers=[
            ChoiceOffer(
                provider_id=each.offer.provider,
                service=each.offer.service,
                price=Money.of(each.offer.price_minor, each.offer.currency),
                promised_on=each.offer.promised_on,
                because=each.because,
                compared=Money.of(each.priced.minor, chosen.decision.currency),
                beyond_frozen=_beyond_frozen(each, chosen),
                score=_score_out(each, chosen),
            )
            for each in chosen.decision.placed
        ],
        excluded=[shipping.refused_out(each) for each in chosen.decision.excluded],
        policy=PolicyIn(
            kind=chosen.policy.kind,
            provider_id=chosen.policy.provider,
            explores=chosen.policy.explores,
        ),
        anchors_version=VERSION,
        anchors={name: (each.worst, each.best) for name, each in chosen.known.anchors.items()},
        weights=dict(WEIGHTS),
        worth=[Money.of(minor, currency) for currency, minor in chosen.load.value.items()],
        goods=sorted(chosen.load.goods),
        decided_at=chosen.at,
    )


def _beyond_frozen(placed: Placed, chosen: Chosen) -> Money | None:
    """Below nothing where it is cheaper than quoted; None where that cannot be compared."""
    if chosen.frozen_minor is None:
        return None
    return Money.of(placed.priced.minor - chosen.frozen_minor, chosen.decision.currency)


def kept(text: str) -> Decided:
    return Decided.model_validate_json(text)


def choice(session: Session, tenant: str, shipment_id: str) -> ChoiceOut:
    row = shipping.shipment(session, tenant, shipment_id)
    found = kept(row.offers)
    is_carried = row.booking != "refused"
    offers = [
        each.model_copy(update={"chosen": number == row.asked - 1 and is_carried})
        for number, each in enumerate(found.offers)
    ]
    return ChoiceOut(**{**dict(found), "offers": offers}, shipment_id=row.shipment_id)
