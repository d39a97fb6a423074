"""Rules for tests: rows of the sample's form, read and compiled as an import would."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from contracts.values import Incoterm
from services.logistics.domain.tariff import Ledger, Line, Request, Rules, calculate
from services.logistics.domain.tariff.hansa_csv import _KEYS, Parsed, read
from services.logistics.domain.tariff.rules import Cited, compile_rules

AT = datetime(2026, 10, 20, 16, tzinfo=UTC)
_CITED = {
    "valid_from": "2020-01-01",
    "valid_to": "",
    "source": "a test",
    "legal_ref": "",
    "confidence": "high",
}
Row = Mapping[str, str]


def parsed(jurisdiction: str, **tables: list[Row]) -> Parsed:
    """Each row names only what matters; blanks are filled in."""
    files = {}
    for table, rows in tables.items():
        columns = [*_KEYS[table][0].split(), *_CITED, "counts"]
        written = io.StringIO()
        writer = csv.DictWriter(written, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            own = {"jurisdiction": jurisdiction} if "jurisdiction" in columns else {}
            writer.writerow({**dict.fromkeys(columns, ""), **_CITED, **own, **row})
        files[f"{table}.csv"] = written.getvalue()
    return read(files)


def law(jurisdiction: str, at: datetime = AT, **tables: list[Row]) -> Rules:
    found = parsed(jurisdiction, **tables)
    assert found.errors == []
    rows: dict[str, list[tuple[Mapping[str, str], Cited]]] = {}
    for row in found.rows:
        until = datetime.fromisoformat(row.valid_to) if row.valid_to else None
        cited = Cited(
            row.fields["source"],
            row.fields["legal_ref"],
            row.fields["confidence"],
            datetime.fromisoformat(row.valid_from),
            until,
        )
        rows.setdefault(row.table, []).append((row.fields, cited))
    return compile_rules(jurisdiction, at, at, rows)


def codes(*each: str) -> list[Row]:
    return [{"code": code, "declarable": "true"} for code in each]


def mfn(code: str, rate: str, **more: str) -> Row:
    native = {"measure_key": f"mfn:{code}", "kind": "mfn", "native_type": "103"}
    return {**native, "scope": code, "expression": rate, **more}


def added(key: str, scope: str, rate: str, **more: str) -> Row:
    native = {"measure_key": key, "kind": "additional", "native_type": key}
    return {**native, "scope": scope, "expression": rate, **more}


def line(goods: str, code: str, origin: str | None = "CN", **more: Any) -> Line:
    return Line(more.pop("line_id", "L1"), Decimal(goods), more.pop("quantity", 1), code, origin,
                **more)  # fmt: skip


def ask(rules: Rules, *lines: Line, **changed: Any) -> Ledger:
    """Freight and insurance are none unless given."""
    asked: dict[str, Any] = {
        "jurisdiction": rules.jurisdiction,
        "tax_area": rules.jurisdiction,
        "destination": rules.jurisdiction,
        "ship_from": "CN",
        "from_jurisdiction": None,
        "currency": rules.currency,
        "lines": lines,
        "freight": Decimal(0),
        "insurance": Decimal(0),
        "incoterm": Incoterm.DAP,
        "rate_date": rules.valid_at,
    }
    return calculate(Request(**{**asked, **changed}), rules)


def shown(ledger: Ledger, *kinds: str) -> list[tuple[str, str, str, str]]:
    """Line, native type, amount, status."""
    return [
        (each.line_id, each.native_type, str(each.amount), each.status)
        for each in ledger.lines
        if not kinds or each.kind in kinds
    ]


def charges(ledger: Ledger) -> Decimal:
    amounts = [each.amount for each in ledger.lines]
    assert None not in amounts
    return sum((each for each in amounts if each is not None), Decimal(0))


CODE = "6109100012"  # cotton shirts


def shirts(*measures: Row, jurisdiction: str = "US", at: datetime = AT, **tables: Any) -> Rules:
    return law(
        jurisdiction,
        at,
        commodities=codes(CODE, "6109100014"),
        measures=[*measures],
        valuation=[{"basis": "FOB"}],
        **tables,
    )


def duties(ledger: Ledger) -> dict[str, str]:
    """By native type, what is charged or why not."""
    return {
        each.native_type: str(each.amount) if each.status == "applied" else each.status
        for each in ledger.lines
        if each.kind == "duty"
    }


def gaps(ledger: Ledger) -> list[str]:
    return [gap.code for gap in ledger.gaps if gap.severity == "blocks"]
