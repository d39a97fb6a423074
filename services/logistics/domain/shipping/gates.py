"""Who may carry: what servqual last said of a provider, read at the moment of use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.logistics.domain.shipping.rates import Excluded, Offer, Rates
from services.logistics.domain.shipping.weight import Gap

CARRYING = ("provisional", "approved")


@dataclass(frozen=True)
class Standing:
    """`eligible_until` is the last day, UTC, on which every required document is valid."""

    status: str
    eligible_until: date | None


def gated(found: Rates, standings: Mapping[str, Standing], on: date) -> Rates:
    """Offers of who may not carry are excluded, each with its reason.

    A provider nobody has spoken of passes as unrated (shipping.md, section 5).
    """
    offers, excluded = list[Offer](), list(found.excluded)
    for offer in found.offers:
        why = _refusal(standings.get(offer.provider), on)
        if why is None:
            offers.append(offer)
        else:
            excluded.append(Excluded(offer.provider, offer.service, (why,)))
    return Rates(tuple(offers), tuple(excluded))


def _refusal(standing: Standing | None, on: date) -> Gap | None:
    """The date counts by itself: it does not wait for a job to say that it has passed."""
    if standing is None:
        return None
    if standing.status not in CARRYING:
        detail = f"the provider is {standing.status.replace('_', ' ')}"
        return Gap("provider-not-approved", "", detail)
    if standing.eligible_until is not None and on > standing.eligible_until:
        detail = f"a required document was valid through {standing.eligible_until}"
        return Gap("document-expired", "", detail)
    return None
