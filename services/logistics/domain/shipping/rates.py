"""What each service would charge and promise, and why the others cannot."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.logistics.domain.shipping.card import Lane, RateCard
from services.logistics.domain.shipping.places import lane_between
from services.logistics.domain.shipping.promise import Measured, Promise, promise
from services.logistics.domain.shipping.surcharges import (
    Ask,
    PriceLine,
    line_of,
    option_line,
    surcharge_lines,
)
from services.logistics.domain.shipping.weight import (
    Chargeable,
    Gap,
    chargeable_weights,
    size_gaps,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """The lines sum to `price_minor`. With gaps the price is only what is known so far."""

    provider: str
    service: str
    version: str
    service_class: str
    currency: str
    price_minor: int
    lines: tuple[PriceLine, ...]
    chargeable: tuple[Chargeable, ...]
    zone: str
    promise: Promise
    options_available: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def promised_on(self) -> date:
        return self.promise.promised_on


@dataclass(frozen=True, slots=True)
class Excluded:
    provider: str
    service: str
    reasons: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Rates:
    offers: tuple[Offer, ...]
    excluded: tuple[Excluded, ...]


def rates(
    ask: Ask,
    cards: Iterable[RateCard],
    measured: Mapping[tuple[str, str], Measured] | None = None,
) -> Rates:
    """Every (provider, service) once, offered or excluded. The card is the one in force on the
    hand-over's own date; `measured` is by (provider, service) for this lane.
    """
    services: dict[tuple[str, str], list[RateCard]] = defaultdict(list)
    for card in cards:
        services[card.provider, card.service].append(card)
    answers = [
        _answer(ask, versions, (measured or {}).get(key))
        for key, versions in sorted(services.items())
    ]
    return Rates(
        tuple(answer for answer in answers if isinstance(answer, Offer)),
        tuple(answer for answer in answers if isinstance(answer, Excluded)),
    )


def _answer(ask: Ask, versions: Sequence[RateCard], measured: Measured | None) -> Offer | Excluded:
    in_force = [card for card in versions if card.is_in_force(ask.hand_over.date())]
    card = in_force[0] if in_force else versions[0]
    lane = lane_between(card.lanes, ask.ship_from, ask.destination)
    reasons = list(_refusals(ask, card))
    if not in_force:
        reasons = [Gap("no_card_in_force", "/hand_over", "no version of the card holds that day")]
    elif lane is None:
        way = f"{ask.ship_from.country} to {ask.destination.country}"
        reasons.append(Gap("no_lane", "/destination", f"no lane from {way}"))
    weights, gaps = chargeable_weights(ask.parcels, card)
    reasons += gaps if in_force else ()
    base = [_base(card, lane, weight) for weight in weights] if lane and in_force else []
    reasons += [line for line in base if isinstance(line, Gap)]
    if reasons or lane is None:
        return Excluded(card.provider, card.service, tuple(dict.fromkeys(reasons)))
    lines = [line for line in base if isinstance(line, PriceLine)]
    return _offer(ask, card, lane, (tuple(weights), lines, measured))


def _offer(
    ask: Ask,
    card: RateCard,
    lane: Lane,
    found: tuple[tuple[Chargeable, ...], list[PriceLine], Measured | None],
) -> Offer | Excluded:
    weights, lines, measured = found
    base_minor = sum(line.amount_minor for line in lines)
    if base_minor < card.minimum_minor:
        lifted = card.minimum_minor - base_minor
        lines.append(line_of(card, "minimum", lifted, card.source, f"up to {card.minimum_minor}"))
        base_minor = card.minimum_minor
    due = promise(ask.hand_over, lane, ask.ship_from.country, ask.destination.country, measured)
    added, gaps = surcharge_lines(ask, card, base_minor, due)
    ordered = [option_line(ask, card, o) for o in card.options if o.name in ask.options]
    refused = tuple(gap for gap in ordered if isinstance(gap, Gap))
    if refused:
        return Excluded(card.provider, card.service, refused)
    lines += added + [line for line in ordered if isinstance(line, PriceLine)]
    gaps += [
        Gap("calendar_unknown", "", f"public holidays of {country} are not known")
        for country in due.unknown_calendars
    ]
    return Offer(
        provider=card.provider,
        service=card.service,
        version=card.version,
        service_class=card.service_class,
        currency=card.currency,
        price_minor=sum(line.amount_minor for line in lines),
        lines=tuple(lines),
        chargeable=weights,
        zone=lane.zone,
        promise=due,
        options_available=tuple(option.name for option in card.options),
        gaps=tuple(dict.fromkeys(gaps)),
    )


def _base(card: RateCard, lane: Lane, weight: Chargeable) -> PriceLine | Gap:
    for piece in card.pieces:
        if piece.zone == lane.zone:
            count = len(weight.parcels)
            amount, formula = piece.amount_minor * count, f"{count} x {piece.amount_minor}"
            return line_of(card, "base", amount, piece.source, formula)
    bands = [band for band in card.bands if band.zone == lane.zone]
    for band in bands:
        if band.above_g < weight.grams <= band.up_to_g:
            formula = f"{weight.formula}; flat up to {band.up_to_g} g"
            return line_of(card, "base", band.amount_minor, band.source, formula)
    for step in card.steps:
        if step.zone == lane.zone and weight.grams <= (step.up_to_g or weight.grams):
            flat_minor = bands[-1].amount_minor if bands else 0
            steps = -(-(weight.grams - step.above_g) // step.step_g)
            amount = flat_minor + steps * step.amount_minor
            formula = f"{weight.formula}; {flat_minor} + {steps} x {step.amount_minor}"
            return line_of(card, "base", amount, step.source, formula)
    detail = f"zone {lane.zone} has no price for {weight.grams} g"
    return Gap("weight_outside_bands", f"/parcels/{weight.parcels[0]}", detail)


def _refusals(ask: Ask, card: RateCard) -> Iterator[Gap]:
    limits = card.limits
    if ask.incoterm not in card.incoterms:
        yield Gap("incoterm_not_offered", "/incoterm", f"not {ask.incoterm.value} by this service")
    for option in sorted(ask.options - {option.name for option in card.options}):
        yield Gap("option_not_offered", "/options", option)
    if ask.destination.country in limits.refused_countries:
        yield Gap("country_refused", "/destination/country", ask.destination.country)
    if limits.max_parcels is not None and len(ask.parcels) > limits.max_parcels:
        yield Gap("too_many_parcels", "/parcels", f"at most {limits.max_parcels}")
    total_g = sum(parcel.weight_g for parcel in ask.parcels)
    if limits.max_shipment_g is not None and total_g > limits.max_shipment_g:
        yield Gap("shipment_too_heavy", "/parcels", f"{total_g} g of {limits.max_shipment_g} g")
    if limits.max_value_minor is not None:
        yield from _value_refusals(ask, card.currency, limits.max_value_minor)
    yield from _parcel_refusals(ask, card)


def _value_refusals(ask: Ask, currency: str, most_minor: int) -> Iterator[Gap]:
    if currency not in ask.value:
        yield Gap("value_missing", "/value", f"the goods' value in {currency}")
    elif ask.value[currency] > most_minor:
        yield Gap("value_too_high", "/value", f"at most {most_minor} {currency} minor units")


def _parcel_refusals(ask: Ask, card: RateCard) -> Iterator[Gap]:
    limits = card.limits
    sized = (limits.max_longest_mm, limits.max_girth_mm)
    if sized != (None, None):
        yield from size_gaps(ask.parcels)
    for at, parcel in enumerate(ask.parcels):
        sides = parcel.sides_mm
        found = (
            ("parcel_too_heavy", parcel.weight_g, limits.max_weight_g),
            ("parcel_too_long", sides and sides[0], limits.max_longest_mm),
            ("girth_too_large", parcel.girth_mm, limits.max_girth_mm),
        )
        for code, has, most in found:
            if has is not None and most is not None and has > most:
                yield Gap(code, f"/parcels/{at}", f"{has}, at most {most}")
        for tag in sorted(parcel.goods):
            if {tag, tag.partition(":")[0]} & limits.refused_goods:
                yield Gap("goods_refused", f"/parcels/{at}/goods", tag)
