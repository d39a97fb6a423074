"""Gates decide who may carry. Each is a fact with a state; a good rating never opens one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from contracts.servqual import GateState
from contracts.values import Money
from services.servqual.domain.qualification.dossier import (
    AUDITED_FOR,
    CHECKED_FOR,
    EVERYWHERE,
    SCREENED_FOR,
    Dossier,
    covered_until,
    needs,
)

CLAIMS_WINDOW = timedelta(days=60)
FOR_PROVISIONAL = ("identity_licence", "insurance", "sanctions", "data_agreement")
FOR_APPROVED = ("informatisation", "service_history", "tangibles", "contacts")
FOR_A_SHIPMENT = ("special", "capacity")
GATES = (*FOR_PROVISIONAL, *FOR_APPROVED, *FOR_A_SHIPMENT)
NEVER_WAIVED = frozenset({"identity_licence", "insurance", "sanctions"})
PROVISIONAL_CAP = 50  # parcels a week
ENOUGH_CONCLUDED = 30.0
ENOUGH_TENDERS = 20
ACCEPTANCE = 0.85
AUDIT_PASSED = 0.80
SCANS_COMPLETE = 0.80


@dataclass(frozen=True)
class Gate:
    """A state and the fact behind it."""

    state: GateState
    fact: str

    @property
    def is_open(self) -> bool:
        return self.state in ("pass", "waived")


def gates(dossier: Dossier, on: date) -> dict[str, Gate]:
    """Every gate of the provider itself on that day, by name."""
    shown = replace(dossier, waivers=())
    found = {
        "identity_licence": _licensed(dossier, on),
        "insurance": _covered(dossier, on, "insurance"),
        "sanctions": _screened(dossier, on),
        "data_agreement": _covered(shown, on, "data_agreement"),
        "informatisation": _informatisation(dossier),
        "service_history": _history(dossier, on),
        "tangibles": _tangibles(dossier, on),
        "contacts": _contacts(dossier, on),
        "capacity": _acceptance(dossier),
    }
    return {name: _waived(dossier, name, gate, on) for name, gate in found.items()}


def closed(found: Mapping[str, Gate], wanted: Collection[str]) -> dict[str, str]:
    """Which of the wanted are not open, each with its fact."""
    return {name: found[name].fact for name in wanted if not found[name].is_open}


def closed_for_provisional(found: Mapping[str, Gate]) -> dict[str, str]:
    """Not known is failed for the four on paper; elsewhere it allows provisional only."""
    failed = closed(found, FOR_PROVISIONAL)
    level = found["informatisation"]
    return failed | ({"informatisation": level.fact} if level.state == "fail" else {})


def closed_for_approved(found: Mapping[str, Gate]) -> dict[str, str]:
    return closed(found, (*FOR_PROVISIONAL, *FOR_APPROVED))


def _waived(dossier: Dossier, name: str, gate: Gate, on: date) -> Gate:
    waiver = next((w for w in dossier.waivers if w.gate == name and on <= w.until), None)
    if gate.is_open or waiver is None or name in NEVER_WAIVED:
        return gate
    return Gate("waived", f"waived until {waiver.until}; {gate.fact}")


def _until(end: date | None) -> str:
    return "in force" if end is None else f"in force until {end}"


def _covered(dossier: Dossier, on: date, name: str) -> Gate:
    """`name` of a document in force today; never one: unknown; only old ones: fail."""
    spans = needs(dossier)[name]
    end = covered_until(spans, on)
    if end is None or end >= on:
        return Gate("pass", f"{name.replace('_', ' ')} {_until(end)}")
    if not spans:
        return Gate("unknown", f"no verified {name.replace('_', ' ')}")
    return Gate("fail", f"no {name.replace('_', ' ')} in force on {on}")


def _licensed(dossier: Dossier, on: date) -> Gate:
    wanted = ["identity", *(f"licence {country}" for country in sorted(dossier.countries()))]
    found = [_covered(dossier, on, name) for name in wanted]
    missing = [gate for gate in found if not gate.is_open]
    if not missing:
        return Gate("pass", "; ".join(gate.fact for gate in found))
    state: GateState = "fail" if any(gate.state == "fail" for gate in missing) else "unknown"
    return Gate(state, "; ".join(gate.fact for gate in missing))


def _screened(dossier: Dossier, on: date) -> Gate:
    newest = max((s for s in dossier.screenings if s.on <= on), key=lambda s: s.on, default=None)
    if newest is None:
        return Gate("unknown", "never screened")
    if newest.open_hits:
        return Gate("fail", f"{newest.open_hits} open hits on {newest.on}")
    if on - newest.on > SCREENED_FOR:
        return Gate("fail", f"last screened on {newest.on}")
    return Gate("pass", f"no hit on {newest.on}")


def _informatisation(dossier: Dossier) -> Gate:
    """Level 3 passes, below 2 fails; between the two, and not measured, it is not known."""
    record = dossier.record
    if record.feed_seen is None:
        return Gate("unknown", "no feed measured yet")
    if not record.feed_seen:
        return Gate("fail", "no scan of its own within 30 days")
    if record.scan_compliance is None or record.labels_by_api is None:
        return Gate("unknown", "level 2: a live feed; scan compliance not measured yet")
    if record.scan_compliance >= SCANS_COMPLETE and record.labels_by_api:
        return Gate("pass", f"level 3: scan compliance {record.scan_compliance:.2f}")
    return Gate("unknown", f"level 2: scan compliance {record.scan_compliance:.2f}")


def _history(dossier: Dossier, on: date) -> Gate:
    concluded = dossier.record.concluded
    if concluded >= ENOUGH_CONCLUDED:
        return Gate("pass", f"{concluded:.0f} concluded shipments here, decayed")
    if dossier.of("references", on):
        return Gate("pass", "references checked")
    return Gate("unknown", f"{concluded:.0f} concluded shipments here, no references checked")


def _tangibles(dossier: Dossier, on: date) -> Gate:
    """The newest audit of each kind counts while it is valid; a self audit never does."""
    valid = [
        audit
        for audit in dossier.audits
        if audit.kind in AUDITED_FOR and 0 <= (on - audit.on).days <= AUDITED_FOR[audit.kind]
    ]
    newest = max(valid, key=lambda audit: audit.on, default=None)
    if newest is None or newest.score is None:
        return Gate("unknown", "no valid audit of the current standard")
    if newest.failed_critical:
        return Gate("fail", f"a critical item failed on {newest.on}")
    state: GateState = "pass" if newest.score >= AUDIT_PASSED else "fail"
    return Gate(state, f"{newest.kind.replace('_', ' ')} audit of {newest.on}: {newest.score:.2f}")


def _contacts(dossier: Dossier, on: date) -> Gate:
    """Two reachable channels of different kinds, one answered by a person."""
    recent = [each for each in dossier.reaches if timedelta(0) <= on - each.on <= CHECKED_FOR]
    if not recent:
        return Gate("unknown", "no channel checked within 30 days")
    reachable, by_person = set(), False
    for channel in {each.channel for each in recent}:
        checks = [each for each in recent if each.channel == channel]
        last_two = sorted(checks, key=lambda each: each.on)[-2:]
        if any(each.passed for each in last_two):
            reachable.add(channel)
            by_person = by_person or any(each.passed and each.human for each in last_two)
    fact = f"reachable: {', '.join(sorted(reachable)) or 'none'}"
    if len(reachable) >= 2 and by_person:
        return Gate("pass", fact)
    return Gate("fail", fact if by_person else f"{fact}; no person answered")


def _acceptance(dossier: Dossier) -> Gate:
    record = dossier.record
    if record.tenders < ENOUGH_TENDERS:
        return Gate("pass", f"{record.tenders} tenders of 90 days: too few to judge")
    share = record.accepted / record.tenders
    state: GateState = "pass" if share >= ACCEPTANCE else "fail"
    return Gate(state, f"{share:.2f} of {record.tenders} tenders of 90 days accepted")


@dataclass(frozen=True)
class Carriage:
    """One shipment as a gate sees it. `booked_in_week` are parcels of that lane and week."""

    origin: str
    destination: str
    value: Money | None
    due_on: date
    dangerous_goods: bool = False
    cold_chain: bool = False
    booked_in_week: int = 0
    weekly_capacity: int | None = None


def gates_of_shipment(dossier: Dossier, wanted: Carriage, on: date) -> dict[str, Gate]:
    """Those gates that one shipment adds, or asks more of, than the provider itself."""
    return {
        "identity_licence": _licensed_for(dossier, wanted, on),
        "insurance": _insured_for(dossier, wanted),
        "special": _special(dossier, wanted, on),
        "capacity": _capacity(dossier, wanted),
    }


def _licensed_for(dossier: Dossier, wanted: Carriage, on: date) -> Gate:
    places = {each.country for each in dossier.of("licence", on)}
    missing = {wanted.origin, wanted.destination} - places
    if EVERYWHERE in places or not missing:
        return Gate("pass", f"licensed in {wanted.origin} and {wanted.destination}")
    return Gate("fail", f"no licence in force for {', '.join(sorted(missing))}")


def _insured_for(dossier: Dossier, wanted: Carriage) -> Gate:
    """In force until the goods are due and any claim is over. A value not known is not covered."""
    last = wanted.due_on + CLAIMS_WINDOW
    if wanted.value is None:
        return Gate("unknown", "the value of the goods is not known")
    for each in dossier.of("insurance", last):
        cover = each.covers
        if cover and cover.currency == wanted.value.currency and cover.minor >= wanted.value.minor:
            return Gate("pass", f"covers {cover.amount} {cover.currency} through {last}")
    worth = f"{wanted.value.amount} {wanted.value.currency}"
    return Gate("fail", f"no insurance covers {worth} through {last}")


def _special(dossier: Dossier, wanted: Carriage, on: date) -> Gate:
    asked = {"dangerous_goods": wanted.dangerous_goods, "cold_chain": wanted.cold_chain}
    missing = [kind for kind, need in asked.items() if need and not dossier.of(kind, on)]
    if missing:
        return Gate("fail", f"no certificate in force: {', '.join(missing).replace('_', ' ')}")
    return Gate("pass", "certified" if any(asked.values()) else "nothing special asked")


def _capacity(dossier: Dossier, wanted: Carriage) -> Gate:
    acceptance = _acceptance(dossier)
    full = wanted.weekly_capacity is not None and wanted.booked_in_week >= wanted.weekly_capacity
    if full:
        return Gate("fail", f"{wanted.booked_in_week} of {wanted.weekly_capacity} parcels booked")
    return acceptance
