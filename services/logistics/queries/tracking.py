"""Connections, trackers, scans, deliveries."""

import hashlib
import json
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import not_found
from chassis.inbound import deliveries
from services.logistics.domain.tracking.conclusion import Parcel
from services.logistics.domain.tracking.fold import Folded, Retraction, fold, standing
from services.logistics.domain.tracking.item import comparable_number, is_same_carrier
from services.logistics.domain.tracking.scan import Scan, in_order, merged
from services.logistics.domain.tracking.stored import folded_from_row
from services.logistics.domain.tracking.timeline import (
    Line,
    of_one_generation,
    shipment_state,
    timeline,
)
from services.logistics.models.tracking import (
    Connection,
    StoredRetraction,
    StoredScan,
    Tracker,
)
from services.logistics.schemas.tracking import (
    ConnectionOut,
    DeliveryOut,
    LineOut,
    ScanList,
    StepOut,
    Tested,
    TimelineOut,
    TrackerOut,
)

RELEASED_WITHIN = timedelta(days=30)
NOTHING_YET = fold([])


def connection_by_token(session: Session, token: str) -> Connection | None:
    """Live ones only. The same work is done for every token."""
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    found = select(Connection).where(
        Connection.token_sha256 == digest, Connection.revoked_at.is_(None)
    )
    return session.scalars(found).first()


def connection(session: Session, tenant: str, connection_id: str) -> Connection:
    found = select(Connection).where(
        Connection.connection_id == connection_id, Connection.tenant == tenant
    )
    row = session.scalars(found.with_for_update()).first()
    if row is None:
        raise not_found("connection")
    return row


def connection_seen(session: Session, tenant: str, connection_id: str) -> Connection:
    """Without a lock: it is only read."""
    row = session.get(Connection, connection_id)
    if row is None or row.tenant != tenant:
        raise not_found("connection")
    return row


def connections(session: Session, tenant: str) -> list[ConnectionOut]:
    found = select(Connection).where(Connection.tenant == tenant)
    return [
        connection_out(row) for row in session.scalars(found.order_by(Connection.connection_id))
    ]


def connection_out(row: Connection) -> ConnectionOut:
    return ConnectionOut(
        connection_id=row.connection_id,
        provider=row.provider,
        accepts_unsigned=row.accepts_unsigned,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        live_secrets=len(live_secrets(row, now())),
    )


def live_secrets(row: Connection, at: datetime) -> list[dict[str, str | None]]:
    """The newest first; a replaced one until its time has come."""
    kept: list[dict[str, str | None]] = json.loads(row.secrets)
    return [
        each for each in kept if each["until"] is None or datetime.fromisoformat(each["until"]) > at
    ]


def trackers_for(session: Session, tenant: str, number: str, carrier: str | None) -> list[Tracker]:
    """Locked in their own order; an absent carrier matches any."""
    found = (
        select(Tracker)
        .where(Tracker.tenant == tenant, Tracker.number == comparable_number(number))
        .order_by(Tracker.tracker_id)
        .with_for_update()
    )
    return [
        row
        for row in session.scalars(found)
        if row.carrier is None or carrier is None or is_same_carrier(row.carrier, carrier)
    ]


def tracker(session: Session, tenant: str, tracker_id: str) -> Tracker:
    found = select(Tracker).where(Tracker.tracker_id == tracker_id, Tracker.tenant == tenant)
    row = session.scalars(found).first()
    if row is None:
        raise not_found("tracker")
    return row


def show_tracker(session: Session, tenant: str, tracker_id: str) -> TrackerOut:
    return tracker_out(tracker(session, tenant, tracker_id))


def tracker_out(row: Tracker) -> TrackerOut:
    state = folded(row)
    return TrackerOut(
        tracker_id=row.tracker_id,
        tracking_number=row.number,
        carrier=row.carrier,
        shipment_id=row.shipment_id,
        status=state.status,
        leg=state.leg,
        flags=list(state.flags),
    )


def folded(row: Tracker) -> Folded:
    return NOTHING_YET if row.folded is None else folded_from_row(json.loads(row.folded))


def siblings(session: Session, shipment_id: str) -> list[Tracker]:
    found = select(Tracker).where(Tracker.shipment_id == shipment_id)
    return list(session.scalars(found.order_by(Tracker.tracker_id)))


def scans(session: Session, tracker_id: str) -> list[Scan]:
    found = select(StoredScan.scan).where(StoredScan.tracker_id == tracker_id)
    return [scan_of_text(text) for text in session.scalars(found)]


def stored_scan(session: Session, tracker_id: str, key: str) -> StoredScan | None:
    return session.get(StoredScan, (tracker_id, key))


def scan_of_text(text: str) -> Scan:
    row = json.loads(text)
    return Scan.from_row(row | {"received_at": datetime.fromisoformat(row["received_at"])})


def retractions(session: Session, tracker_id: str) -> list[Retraction]:
    found = select(StoredRetraction).where(StoredRetraction.tracker_id == tracker_id)
    return [
        Retraction(scan_id=row.scan_id, connection_id=row.connection_id)
        for row in session.scalars(found)
    ]


def parcels(session: Session, shipment_id: str) -> list[Parcel]:
    """Each with the scans that count in its fold."""
    found = []
    for row in siblings(session, shipment_id):
        kept = of_one_generation(scans(session, row.tracker_id), row.booked_on)
        counted = standing(merged(kept), retractions(session, row.tracker_id))
        confirmed = tuple(scan for scan in counted if scan.trust == "confirmed")
        found.append(Parcel(folded(row), confirmed))
    return found


def scan_list(session: Session, tenant: str, tracker_id: str) -> ScanList:
    tracker(session, tenant, tracker_id)
    found = sorted(scans(session, tracker_id), key=in_order)
    return ScanList(
        data=[scan.to_row() | {"received_at": scan.received_at.isoformat()} for scan in found]
    )


def show_timeline(session: Session, tenant: str, shipment_id: str) -> TimelineOut:
    """What people see: lines of the same status, local time and place are one."""
    rows = [row for row in siblings(session, shipment_id) if row.tenant == tenant]
    if not rows:
        raise not_found("shipment with a tracker")
    state = shipment_state([folded(row) for row in rows])
    lines = [
        line
        for row in rows
        for line in timeline(scans(session, row.tracker_id), retractions(session, row.tracker_id))
    ]
    return TimelineOut(
        shipment_id=shipment_id,
        status=state.status,
        leg=state.leg,
        flags=list(state.flags),
        lines=[_line_out(line) for line in lines],
    )


def _line_out(line: Line) -> LineOut:
    place = ", ".join(part for part in (line.place.city, line.place.country) if part)
    return LineOut(
        status=line.status,
        reason=line.reason,
        local=line.local,
        place=place,
        texts=list(line.texts),
    )


def waiting_for(session: Session, tenant: str, number: str) -> list[str]:
    """Deliveries of the last 30 days that named this number while nobody knew it."""
    found = select(deliveries.c.id).where(
        deliveries.c.tenant == tenant,
        deliveries.c.kind == "carrier",
        deliveries.c.received_at > now() - RELEASED_WITHIN,
        deliveries.c.outcome.contains(json.dumps(number), autoescape=True),
        ~deliveries.c.outcome.contains('"unknown_numbers": []', autoescape=True),
    )
    return list(session.scalars(found.order_by(deliveries.c.id)))


def early(session: Session) -> list[str]:
    """Deliveries of which a scan waits for its time, whether others of theirs were used or not."""
    found = select(deliveries.c.id).where(
        deliveries.c.kind == "carrier",
        deliveries.c.state.in_(("accepted", "quarantined")),
        deliveries.c.outcome.like('%"early_scans": %'),
        deliveries.c.outcome.not_like('%"early_scans": 0%'),
        deliveries.c.received_at > now() - RELEASED_WITHIN,
    )
    return list(session.scalars(found.order_by(deliveries.c.id).limit(500)))


def delivery_out(session: Session, tenant: str, delivery_id: str) -> DeliveryOut:
    found = select(deliveries, Connection.provider).join(
        Connection, Connection.connection_id == deliveries.c.connection_id
    )
    row = session.execute(
        found.where(deliveries.c.id == delivery_id, deliveries.c.tenant == tenant)
    ).first()
    if row is None:
        raise not_found("delivery")
    return DeliveryOut(
        delivery_id=row.id,
        provider=row.provider,
        received_at=row.received_at,
        outcome=row.state,
        reason=row.reason,
        duplicates=row.duplicates,
        told=json.loads(row.outcome),
    )


def delivery_list(
    session: Session, tenant: str, outcome: str | None, limit: int
) -> list[DeliveryOut]:
    """The newest first."""
    found = select(deliveries.c.id).where(
        deliveries.c.tenant == tenant, deliveries.c.kind == "carrier"
    )
    if outcome is not None:
        found = found.where(deliveries.c.state == outcome)
    rows = session.scalars(found.order_by(deliveries.c.id.desc()).limit(limit)).all()
    return [delivery_out(session, tenant, delivery_id) for delivery_id in rows]


def tested(source: str | None, stored: str, read: DeliveryOut) -> Tested:
    """Each step of a sample's way, as it went."""
    told = ", ".join(
        f"{count} scan of {name}" for name, count in read.told.get("sample", {}).items()
    )
    signature = {
        None: "the stored secret does not verify its own signature",
        "unsigned": "not signed, which this address accepts; what it says stays unconfirmed",
    }.get(source, "signed with the stored secret")
    steps = [
        StepOut(step="address", passed=True, told=f"in use, for {read.provider}"),
        StepOut(step="signature", passed=source is not None, told=signature),
        StepOut(step="stored", passed=stored == "received", told=stored),
        StepOut(step="read", passed=bool(told), told=told or read.reason or "not read yet"),
    ]
    passed = all(step.passed for step in steps)
    return Tested(passed=passed, delivery_id=read.delivery_id, steps=steps)
