"""Bulk import: parsed and checked whole in a child process, taken in by one command.

One bad row and nothing is imported; the report lists all. The same file twice changes nothing.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from chassis import uploads
from chassis.http import Problem
from chassis.jobs import Computation, Jobs
from services.catalog import commands, queries
from services.catalog.domain.rows import Parsed, RowError, read
from services.catalog.schemas import (
    NewListing,
    NewMarket,
    NewProduct,
    ProductChange,
    VariantIn,
)

LISTED = 1000
Checked = dict[str, Any]


class _Refused(Exception):
    """A row that does not fit what is here already."""

    def __init__(self, row: int, column: str, code: str, message: str) -> None:
        super().__init__(message)
        self.error = RowError(row, column, code, message)


def parse(given: dict[str, Any], progress: Callable[[float], None]) -> Checked:
    """Pure, in the child: the bodies to create, each with its row; or every wrong row."""
    try:
        texts = uploads.files_of(given)
    except uploads.Unreadable as error:
        return _answer([], [RowError(1, "", "unreadable", str(error))])
    if len(texts) != 1:
        return _answer([], [RowError(1, "", "too_many_files", "send one CSV file")])
    progress(0.1)
    kind = given["kind"]
    parsed = read(kind, next(iter(texts.values())))
    found = {"products": _products, "markets": _markets, "listings": _listings}[kind](parsed)
    return _answer(found, parsed.errors)


def _answer(found: list[Any], errors: list[RowError]) -> Checked:
    listed = [asdict(error) for error in sorted(errors, key=lambda each: each.row)[:LISTED]]
    return {"found": [] if errors else found, "errors": listed, "wrong": len(errors)}


def _products(parsed: Parsed) -> list[Any]:
    """Rows of one product are its variants; title, kind and status are the same in each."""
    by_handle: dict[str, tuple[int, dict[str, Any]]] = {}
    seen: dict[str, int] = {}
    for row, cells in parsed.found:
        if (first := seen.setdefault(cells["sku"], row)) != row:
            parsed.errors.append(RowError(row, "sku", "duplicate", f"it stands in row {first} too"))
        head = {
            "handle": cells.pop("handle"),
            "title": cells.pop("product_title"),
            "kind": cells.pop("kind"),
            "status": cells.pop("status"),
        }
        _, product = by_handle.setdefault(head["handle"], (row, {**head, "variants": []}))
        for name in ("title", "kind", "status"):
            if product[name] != head[name]:
                message = f"another row of {head['handle']} says {product[name]!r}"
                column = "product_title" if name == "title" else name
                parsed.errors.append(RowError(row, column, "differs", message))
        _check(row, NewProduct, {**head, "variants": []}, parsed, without="variants")
        _check(row, VariantIn, cells, parsed)
        product["variants"].append(cells)
    return list(by_handle.values())


def _markets(parsed: Parsed) -> list[Any]:
    seen: dict[str, int] = {}
    for row, market in parsed.found:
        _check(row, NewMarket, market, parsed)
        if (first := seen.setdefault(market["code"], row)) != row:
            message = f"it stands in row {first} too"
            parsed.errors.append(RowError(row, "market", "duplicate", message))
    return list(parsed.found)


def _listings(parsed: Parsed) -> list[Any]:
    """Rows of one SKU and market are its prices in several currencies."""
    by_place: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
    for row, cells in parsed.found:
        price = cells.pop("price")
        place = (cells["market"], cells["sku"])
        _, listing = by_place.setdefault(place, (row, {**cells, "prices": []}))
        listing["prices"].append(price)
        _check(row, NewListing, listing, parsed)
    return list(by_place.values())


_COLUMN = {"code": "market", "handle": "product", "prices": "price"}


def _check(
    row: int, model: type[BaseModel], values: dict[str, Any], parsed: Parsed, without: str = ""
) -> None:
    try:
        model.model_validate(values)
    except ValidationError as errors:
        for error in errors.errors():
            field = str(error["loc"][0]) if error["loc"] else ""
            if field and field == without:
                continue  # told with its own row
            message = error["msg"].removeprefix("Value error, ")
            column = _COLUMN.get(field, field)
            parsed.errors.append(
                RowError(row, column, error["type"], message, str(error["input"])[:100])
            )


def record(session: Session, job: Any, checked: Checked) -> dict[str, Any]:
    """All of it or, with the reason, nothing. Returns the job's report."""
    if checked["errors"]:
        return {"summary": f"{checked['wrong']} rows are wrong; nothing was imported", **checked}
    take = {
        "product import": _take_products,
        "market import": _take_markets,
        "listing import": _take_listings,
    }[job.kind]
    try:
        with session.begin_nested():
            changed = take(session, job.tenant, checked["found"])
    except _Refused as refusal:
        return {
            "summary": "a row does not fit; nothing was imported",
            "errors": [asdict(refusal.error)],
        }
    same = len(checked["found"]) - changed
    summary = f"{changed} {job.kind.split()[0]}s imported, {same} unchanged"
    return {"summary": summary, "imported": changed, "unchanged": same, "errors": []}


def _take_products(session: Session, tenant: str, found: list[Any]) -> int:
    known, changed = queries.products_by_handle(session, tenant), 0
    for row, body in found:
        new = NewProduct.model_validate(body)
        here = known.get(new.handle)
        if here is not None and here.kind != new.kind:
            raise _Refused(row, "kind", "differs", f"{new.handle} is {here.kind} here")
        try:
            if here is None:
                commands.add_product(session, tenant, new)
                changed += 1
            else:
                change = ProductChange(title=new.title, status=new.status, variants=new.variants)
                changed += commands.apply_product(session, here, change)
        except Problem as problem:
            raise _Refused(row, "sku", problem.code, problem.detail) from None
    return changed


def _take_markets(session: Session, tenant: str, found: list[Any]) -> int:
    known, changed = queries.markets_by_code(session, tenant), 0
    for _, body in found:
        new = NewMarket.model_validate(body)
        here = known.get(new.code)
        if here is None:
            commands.add_market(session, tenant, new)
            changed += 1
        else:
            changed += commands.apply_fields(
                session, here, new.model_dump(mode="json"), queries.market_changed
            )
    return changed


def _take_listings(session: Session, tenant: str, found: list[Any]) -> int:
    markets = queries.markets_by_code(session, tenant)
    variants = queries.variants_by_sku(session, tenant, {body["sku"] for _, body in found})
    known, changed = queries.listings_by_place(session, tenant), 0
    for row, body in found:
        new = NewListing.model_validate(body)
        if new.market not in markets:
            raise _Refused(row, "market", "unknown", f"there is no market {new.market}")
        if new.sku not in variants:
            raise _Refused(row, "sku", "unknown", f"there is no SKU {new.sku}")
        here = known.get((new.market, new.sku))
        if here is None:
            commands.add_listing(session, tenant, new, variants[new.sku].product_id)
            changed += 1
        else:
            values = commands.listing_values(new)
            changed += commands.apply_fields(session, here, values, queries.listing_changed)
    return changed


_COMPUTE = "services.catalog.jobs:parse"
JOBS: Jobs = tuple(
    Computation(kind, _COMPUTE, record)
    for kind in ("product import", "market import", "listing import")
)
