"""What no single row shows: bands that gap or overlap, zones without a price, twins."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import TypeVar

from services.logistics.domain.shipping.card import Band, Lane, Piece, RateCard, Step, Surcharge
from services.logistics.domain.shipping.cells import RowError

R = TypeVar("R", Lane, Step, Piece)


def error_at(source: str, column: str, code: str, message: str, value: object = "") -> RowError:
    file, _, line = source.rpartition(":")
    return RowError(file, int(line), column, code, message, str(value))


def chained(bands: Iterable[Band]) -> tuple[tuple[Band, ...], list[RowError]]:
    """The bands of each zone end to end from 0 g, and what forbids that."""
    done: list[Band] = []
    errors: list[RowError] = []
    ends: dict[str, int] = {}
    for band in sorted(bands, key=lambda band: (band.zone, band.up_to_g)):
        begins = ends.get(band.zone, 0)
        errors += _joint(band.above_g, begins, band.source, band.zone)
        if band.up_to_g == begins:
            message = f"zone {band.zone} has two bands up to {band.up_to_g} g"
            errors.append(error_at(band.source, "up_to_g", "bands_overlap", message, band.up_to_g))
        ends[band.zone] = band.up_to_g
        done.append(replace(band, above_g=begins))
    return tuple(done), errors


def stepped(
    steps: Iterable[Step], bands: Sequence[Band]
) -> tuple[tuple[Step, ...], list[RowError]]:
    """Each zone's step, begun where its bands end."""
    ends = {band.zone: band.up_to_g for band in bands}  # bands rise, so the last one stays
    done, errors = [], twins(steps, lambda step: step.zone, "zone", "a zone has one step")
    for step in steps:
        begins = ends.get(step.zone, 0)
        errors += _joint(step.above_g, begins, step.source, step.zone)
        if step.up_to_g is not None and step.up_to_g <= begins:
            message = f"the step ends at {step.up_to_g} g, the bands at {begins} g"
            errors.append(error_at(step.source, "up_to_g", "bands_overlap", message, step.up_to_g))
        done.append(replace(step, above_g=begins))
    return tuple(done), errors


def _joint(stated: int, begins: int, source: str, zone: str) -> list[RowError]:
    if stated in (-1, begins):
        return []
    code = "bands_gap" if stated > begins else "bands_overlap"
    message = f"zone {zone} is priced up to {begins} g, this row begins above {stated} g"
    return [error_at(source, "above_g", code, message, stated)]


def twins(rows: Iterable[R], key: Callable[[R], str], column: str, message: str) -> list[RowError]:
    seen: set[str] = set()
    errors = []
    for row in rows:
        if key(row) in seen:
            errors.append(error_at(row.source, column, "duplicate", message, key(row)))
        seen.add(key(row))
    return errors


def card_errors(card: RateCard) -> list[RowError]:
    one_lane = "two lanes join the same areas"
    return [
        *twins(card.lanes, lambda lane: f"{lane.origin} {lane.destination}", "origin", one_lane),
        *twins(card.pieces, lambda piece: piece.zone, "zone", "a zone has one price per piece"),
        *_zone_errors(card),
        *_series_errors(card.surcharges),
    ]


def _zone_errors(card: RateCard) -> list[RowError]:
    by_weight = {band.zone for band in card.bands} | {step.zone for step in card.steps}
    by_piece = {piece.zone for piece in card.pieces}
    served = {lane.zone for lane in card.lanes}
    errors = [
        error_at(lane.source, "zone", "unknown_zone", "this zone has no price", lane.zone)
        for lane in card.lanes
        if lane.zone not in by_weight | by_piece
    ]
    priced: tuple[Band | Step | Piece, ...] = (*card.bands, *card.steps, *card.pieces)
    for row in priced:
        if row.zone not in served:
            message = "no lane leads to this zone"
            errors.append(error_at(row.source, "zone", "unknown_zone", message, row.zone))
    for piece in card.pieces:
        if piece.zone in by_weight:
            message = "a zone is priced by weight or by piece, not both"
            errors.append(error_at(piece.source, "zone", "bands_overlap", message, piece.zone))
    return errors


def _series_errors(surcharges: Iterable[Surcharge]) -> list[RowError]:
    """Two rows of one surcharge may not hold on one day (remote areas: in one area)."""
    series = defaultdict(list)
    for surcharge in surcharges:
        kind = (surcharge.name, surcharge.areas, surcharge.above_g, surcharge.above_mm)
        series[kind].append(surcharge)
    return [
        error_at(b.source, "valid_from", "validity_overlap", f"{b.name} also holds by {a.source}")
        for rows in series.values()
        for a, b in combinations(rows, 2)
        if _overlap(a.valid_from, a.valid_to, b.valid_from, b.valid_to)
    ]


def validity_overlaps(cards: Iterable[RateCard]) -> list[RowError]:
    """Two versions of one service that hold on one day; pass stored cards with the new ones."""
    services = defaultdict(list)
    for card in cards:
        services[card.provider, card.service].append(card)
    return [
        error_at(b.source, "valid_from", "validity_overlap", f"version {a.version} holds then too")
        for versions in services.values()
        for a, b in combinations(versions, 2)
        if a.version != b.version and _overlap(a.valid_from, a.valid_to, b.valid_from, b.valid_to)
    ]


def _overlap(
    a_from: date | None, a_to: date | None, b_from: date | None, b_to: date | None
) -> bool:
    return (a_from or date.min) <= (b_to or date.max) and (b_from or date.min) <= (a_to or date.max)
