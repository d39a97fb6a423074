"""Trackers and what is reported of them: any order, any repetition, the same state."""

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import insert_new, now
from chassis.inbound import Delivery, Outcome, process_again
from contracts.values import new_id
from services.logistics.adapters.tracking import ADAPTERS
from services.logistics.adapters.tracking.seam import read_delivery
from services.logistics.commands import moves
from services.logistics.commands.connections import SAMPLE, UNSIGNED
from services.logistics.domain.tracking.body import Unusable
from services.logistics.domain.tracking.fold import fold
from services.logistics.domain.tracking.item import (
    Item,
    OtherEvent,
    Parsed,
    comparable_carrier,
    comparable_number,
    scans_from,
)
from services.logistics.domain.tracking.moved import moved
from services.logistics.domain.tracking.scan import Scan, Source, Trust, is_in_future, merge
from services.logistics.domain.tracking.stored import folded_to_row
from services.logistics.domain.tracking.timeline import of_one_generation
from services.logistics.models.tracking import (
    Connection,
    StoredRetraction,
    StoredScan,
    Tracker,
)
from services.logistics.queries import tracking as queries
from services.logistics.schemas.tracking import NewTracker, TrackerOut

_RETRACTIONS: Any = StoredRetraction.__table__
_TRACKERS: Any = Tracker.__table__


def register_tracker(
    session: Session,
    tenant: str,
    carrier: str | None,
    number: str,
    shipment_id: str | None,
    dates: tuple[date | None, date | None],
) -> Tracker:
    """`dates`: booked on, promised on. What waited for this number is processed again."""
    row = Tracker(
        tracker_id=new_id("trk"),
        tenant=tenant,
        carrier=carrier,
        number=comparable_number(number),
        shipment_id=shipment_id,
        booked_on=dates[0],
        promised_on=dates[1],
        folded=None,
        watched_as=None,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    _release(session, tenant, row.number)
    return row


def _release(session: Session, tenant: str, number: str) -> None:
    for delivery_id in queries.waiting_for(session, tenant, number):
        process_again(session, delivery_id)


def take_early_scans(session: Session, _: datetime) -> None:
    """What was reported before its time is looked at again until its time has come."""
    for delivery_id in queries.early(session):
        process_again(session, delivery_id)


def watch(session: Session, caller: Caller, new: NewTracker) -> TrackerOut:
    """A parcel that was booked elsewhere. Registered twice, also at once, it is the same tracker:
    the constraint decides, no look before it.
    """
    number = comparable_number(new.tracking_number)
    known = queries.trackers_for(session, caller.tenant, number, new.carrier)
    if not known:
        is_new = insert_new(
            session,
            _TRACKERS,
            tracker_id=new_id("trk"),
            tenant=caller.tenant,
            carrier=new.carrier,
            number=number,
            booked_on=new.booked_on,
            watched_as=f"{number} {comparable_carrier(new.carrier) or ''}",
            created_at=now(),
        )
        if is_new:
            _release(session, caller.tenant, number)
        known = queries.trackers_for(session, caller.tenant, number, new.carrier)
    return queries.tracker_out(known[0])


def process(session: Session, delivery: Delivery) -> Outcome:
    """One authentic body. What cannot be used is kept and told, never refused."""
    connection = session.get_one(Connection, delivery.connection_id)
    parsed = read_delivery(ADAPTERS[connection.provider], delivery.body, delivery.headers)
    if isinstance(parsed, Unusable):
        return Outcome("quarantined", parsed.reason)
    if delivery.source == SAMPLE:
        return _sample_read(delivery, connection.provider, parsed)
    if isinstance(parsed, OtherEvent):
        return Outcome("accepted", told={"event": parsed.name, "trackers": {}})
    told: dict[str, Any] = {"trackers": {}, "unknown_numbers": [], "early_scans": 0}
    left = [unusable.reason for unusable in parsed.unusable]
    for item in parsed.items:
        if reason := _take_item(session, delivery, connection.provider, item, told):
            left.append(reason)
    told["quarantined_items"] = left
    if len(left) == len(parsed.items) + len(parsed.unusable):
        return Outcome("quarantined", left[0], told)
    return Outcome("accepted", told=told)


def _sample_read(delivery: Delivery, provider: str, parsed: Parsed) -> Outcome:
    """Read as far as any other, and taken for no parcel."""
    source = _source(delivery, provider, "")
    items = () if isinstance(parsed, OtherEvent | Unusable) else parsed.items
    read = {item.number: len(scans_from(item, source).scans) for item in items}
    return Outcome("accepted", told={"sample": read, "trackers": {}})


def _source(delivery: Delivery, provider: str, tracker_id: str) -> Source:
    """What nobody signed is kept and shown, and counts for nothing."""
    trust: Trust = "unconfirmed" if delivery.source == UNSIGNED else "confirmed"
    return Source(provider, tracker_id, delivery.connection_id, trust, delivery.received_at)


def _take_item(
    session: Session, delivery: Delivery, provider: str, item: Item, told: dict[str, Any]
) -> str:
    """Why nothing of this item could be used; empty where something was."""
    found = queries.trackers_for(session, delivery.tenant, item.number, item.carrier)
    if not found:
        told["unknown_numbers"].append(comparable_number(item.number))
        return "unknown_tracker"
    ripe = 0
    for tracker in found:
        fresh, known, early = _take(session, delivery, provider, tracker, item)
        told["trackers"][item.number] = _state(tracker, fresh)
        told["early_scans"] += early
        ripe += known + bool(item.withdrawals) + (early == 0)
    return "" if ripe else "scan_in_future"


def _take(
    session: Session, delivery: Delivery, provider: str, tracker: Tracker, item: Item
) -> tuple[int, int, int]:
    """How many scans are new, how many were usable, and how many are of a time yet to come."""
    source = _source(delivery, provider, tracker.tracker_id)
    scans = scans_from(item, source).scans
    ripe = [scan for scan in scans if not is_in_future(scan, now())]
    fresh = sum(_store(session, scan) for scan in ripe)
    for withdrawal in item.withdrawals:
        insert_new(
            session,
            _RETRACTIONS,
            tracker_id=tracker.tracker_id,
            connection_id=delivery.connection_id,
            scan_id=withdrawal.scan_id,
        )
    session.flush()
    _refold(session, tracker)
    return fresh, len(ripe), len(scans) - len(ripe)


def _store(session: Session, scan: Scan) -> bool:
    """True for a new one; a known one merges column by column, whatever came first.

    What nobody signed adds nothing to what was signed, in either order.
    """
    stored = queries.stored_scan(session, scan.tracker_id, scan.key)
    if stored is None:
        session.add(StoredScan(tracker_id=scan.tracker_id, key=scan.key, scan=_text(scan)))
        session.flush()
        return True
    known = queries.scan_of_text(stored.scan)
    if known.trust == scan.trust:
        stored.scan = _text(merge(known, scan))
    elif scan.trust == "confirmed":
        stored.scan = _text(scan)
    return False


def _text(scan: Scan) -> str:
    return json.dumps(scan.to_row() | {"received_at": scan.received_at.isoformat()})


def _refold(session: Session, tracker: Tracker) -> None:
    scans = queries.scans(session, tracker.tracker_id)
    retractions = queries.retractions(session, tracker.tracker_id)
    state = fold(of_one_generation(scans, tracker.booked_on), retractions)
    tracker.folded = json.dumps(folded_to_row(state))
    session.flush()
    if tracker.shipment_id is not None:
        parcels = queries.siblings(session, tracker.shipment_id)
        now_is = moved([queries.folded(each) for each in parcels])
        moves.shipment_moved(session, tracker.shipment_id, now_is)


def _state(tracker: Tracker, fresh: int) -> dict[str, Any]:
    state = queries.folded(tracker)
    return {
        "new_scans": fresh,
        "status": state.status,
        "leg": state.leg,
        "flags": list(state.flags),
    }
