"""Who may carry: what servqual last said of a provider, read at the moment of use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.servqual import Capability
from contracts.values import Money
from services.logistics.domain.shipping.rates import Excluded, Offer, Rates
from services.logistics.domain.shipping.weight import Gap

CARRYING = ("provisional", "approved")


@dataclass(frozen=True)
class Standing:
    """`eligible_until` is the last day, UTC, on which every required document is valid;
    `booked_in_week` counts parcels booked with it within seven days, of all merchants.
    """

    status: str
    eligible_until: date | None
    insured_up_to: Money | None = None  # of one shipment; None: not said
    weekly_cap: int | None = None  # parcels
    has_capacity: bool = True  # it accepts what it is asked
    capabilities: tuple[Capability, ...] = ()
    booked_in_week: int = 0


@dataclass(frozen=True)
class Load:
    """What is to be carried: value in minor units by currency, as far as it is known."""

    parcels: int
    value: Mapping[str, int]
    goods: frozenset[str] = frozenset()  # tags such as dg:3, battery:lithium_ion


def gated(found: Rates, standings: Mapping[str, Standing], load: Load, on: date) -> Rates:
    """Offers of who may not carry are excluded, each with every reason.

    A provider nobody has spoken of passes as unrated (shipping.md, section 5).
    """
    offers, excluded = list[Offer](), list(found.excluded)
    for offer in found.offers:
        why = refusals(standings.get(offer.provider), offer.service, load, on)
        if why:
            excluded.append(Excluded(offer.provider, offer.service, why))
        else:
            offers.append(offer)
    return Rates(tuple(offers), tuple(excluded))


def refusals(standing: Standing | None, service: str, load: Load, on: date) -> tuple[Gap, ...]:
    if standing is None:
        return ()
    return (*_of_provider(standing, on), *_of_shipment(standing, service, load))


def _of_provider(standing: Standing, on: date) -> Iterator[Gap]:
    """The date counts by itself: it does not wait for a job to say that it has passed."""
    if standing.status not in CARRYING:
        detail = f"the provider is {standing.status.replace('_', ' ')}"
        yield Gap("provider-not-approved", "", detail)
    elif standing.eligible_until is not None and on > standing.eligible_until:
        detail = f"a required document was valid through {standing.eligible_until}"
        yield Gap("document-expired", "", detail)


def _of_shipment(standing: Standing, service: str, load: Load) -> Iterator[Gap]:
    yield from _insurance(standing, load)
    yield from _special(standing, service, load)
    wanted, cap = standing.booked_in_week + load.parcels, standing.weekly_cap
    if cap is not None and wanted > cap:
        yield Gap("capacity", "/parcels", f"{wanted} parcels in seven days, at most {cap}")
    if not standing.has_capacity:
        yield Gap("capacity", "", "it accepts too few of the shipments it is asked to carry")


def _insurance(standing: Standing, load: Load) -> Iterator[Gap]:
    """A value not known in the currency of the cover is not covered."""
    cover = standing.insured_up_to
    if cover is None:
        return
    worth_minor = load.value.get(cover.currency)
    if worth_minor is None:
        yield Gap("insurance", "/value", f"the goods' value in {cover.currency} is not known")
    elif worth_minor > cover.minor:
        yield Gap("insurance", "/value", f"covers {cover.amount} {cover.currency} of one shipment")


def _special(standing: Standing, service: str, load: Load) -> Iterator[Gap]:
    """What a provider does not say it can do, it cannot."""
    can = [each for each in standing.capabilities if each.service == service]
    classes = {each for capability in can for each in capability.dangerous_goods}
    for tag in sorted(load.goods):
        kind, _, which = tag.partition(":")
        if kind == "dg" and not (which in classes if which else classes):
            yield Gap("special", "/parcels", f"no dangerous goods {which}".rstrip())
        if kind == "battery" and not any(each.batteries for each in can):
            yield Gap("special", "/parcels", "no batteries")
        if kind == "cold_chain" and not any(each.cold_chain for each in can):
            yield Gap("special", "/parcels", "no cold chain")
