"""Commodities as the UK's trade tariff API answers them (version 2): one JSON document each.

What a document says becomes Hansa CSV, and is read and checked as any. Export measures and VAT,
which has a table of its own, are left out.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from services.logistics.domain.tariff.hansa_csv import Parsed, RowError
from services.logistics.domain.tariff.hansa_csv import read as read_csv
from services.logistics.domain.tariff.rates import read as read_rate
from services.logistics.domain.tariff.units import word_of

KINDS = {
    "103": "mfn", "105": "mfn_end_use", "106": "customs_union", "147": "customs_union",
    "142": "preference", "145": "preference", "122": "quota_nonpref", "123": "quota_nonpref",
    "143": "quota_pref", "146": "quota_pref", "112": "suspension", "115": "suspension",
    "117": "suspension", "119": "suspension", "551": "anti_dumping", "552": "anti_dumping",
    "553": "countervailing", "554": "countervailing", "695": "additional", "696": "safeguard",
    "672": "agricultural", "673": "agricultural", "674": "agricultural", "306": "excise",
    "109": "supplementary_unit", "110": "supplementary_unit",
}  # fmt: skip
_SERIES = {"A": "prohibition", "B": "control"}
_LEFT_OUT = {"305"}
_ACTIONS = {
    **dict.fromkeys(("01", "27"), "apply"),
    "07": "not_apply",
    **dict.fromkeys(("24", "25", "26", "28", "29"), "allow"),
    **dict.fromkeys(("04", "05", "06", "08", "09"), "refuse"),
    "10": "correct_declaration",
}
_OPS = {"01": "", "04": "+", "19": "+", "20": "+", "36": "-", "15": "MIN", "17": "MAX", "35": "MAX"}
_QUALIFIED = {("ASV", "X"): "% vol / hl"}
_END_USES = {"115", "117", "119"}  # suspended for ships, aircraft and the like, never for all
_END_USE = {
    **dict.fromkeys(("operator", "amount", "unit", "currency", "expression"), ""),
    "group": "B",
    "seq": "1",
    "action": "apply",
}
_EVERYONE = "1011"
_CITED = {"source": "UK Trade Tariff API v2, as recorded", "confidence": "medium"}
_PREFERENCES = ("preference", "customs_union", "quota_pref")


def read(files: Mapping[str, str]) -> Parsed:
    """Errors name the document and a pointer into it; any of them and there are no rows."""
    made, errors = _Made(), list[RowError]()
    for name, text in sorted(files.items()):
        try:
            _Document(json.loads(text, parse_float=str), made).add()
        except _Strange as strange:
            errors.append(RowError(name, 1, strange.pointer, strange.code, str(strange)))
        except (ValueError, RecursionError):
            errors.append(RowError(name, 1, "", "not_json", "no JSON that can be read"))
        except (LookupError, TypeError, AttributeError) as error:
            errors.append(RowError(name, 1, "", "not_a_document", f"it lacks {error}"))
    if errors or not files:
        return Parsed(errors=errors or [RowError("", 1, "", "empty", "there is no document")])
    parsed = read_csv(made.csv())
    return Parsed(errors=parsed.errors) if parsed.errors else parsed


class _Strange(Exception):
    def __init__(self, pointer: str, code: str, message: str) -> None:
        super().__init__(message)
        self.pointer, self.code = pointer, code


class _Made:
    """Rows by table and key: what two documents share is one row, a measure's scopes are joined."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}

    def put(self, table: str, key: tuple[str, ...], row: dict[str, str]) -> None:
        kept = self._tables.setdefault(table, {}).setdefault(key, row)
        if table == "measures" and row["scope"] not in kept["scope"].split(";"):
            kept["scope"] += f";{row['scope']}"

    def csv(self) -> dict[str, str]:
        return {f"{table}.csv": _written(rows.values()) for table, rows in self._tables.items()}


def _written(rows: Any) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, next(iter(rows)).keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


class _Document:
    def __init__(self, document: Any, made: _Made) -> None:
        self._made = made
        self._data = document["data"]
        self._included = {(each["type"], each["id"]): each for each in document["included"]}
        self._code = self._data["attributes"]["goods_nomenclature_item_id"]
        if self._data["type"] != "commodity":
            raise _Strange("/data/type", "unknown_word", "only commodities are read")

    def add(self) -> None:
        fields = self._data["attributes"]
        self._made.put(
            "commodities",
            (self._code,),
            {
                "jurisdiction": "GB",
                "code": self._code,
                "parent_code": "",
                "description": str(fields["description"]),
                "declarable": "true" if fields["declarable"] is True else "false",
                "units": "",
                **_dates(fields["validity_start_date"], fields["validity_end_date"]),
                **_CITED,
                "legal_ref": "",
            },
        )
        for (kind, _), each in self._included.items():
            if kind == "measure" and each["attributes"]["import"]:
                self._measure(each)

    def _measure(self, measure: Any) -> None:
        pointer = f"/included/measure/{measure['id']}"
        native = measure["relationships"]["measure_type"]["data"]["id"]
        if measure["meta"]["duty_calculator"]["source"] != "uk":
            raise _Strange(pointer, "not_british", "a measure of Northern Ireland, not of the UK")
        if native in _LEFT_OUT:
            return
        series = self._included["measure_type", native]["attributes"]["measure_type_series_id"]
        kind = KINDS.get(native) or _SERIES.get(series)
        if kind is None:
            raise _Strange(pointer, "unknown_word", f"no such type of measure: {native}")
        key, fields = f"uk:{measure['id']}", measure["attributes"]
        dates = _dates(fields["effective_start_date"], fields["effective_end_date"])
        area, company = self._one(measure, "geographical_area"), self._company(measure)
        acts = measure["relationships"]["legal_acts"]["data"]
        cited = {**dates, **_CITED, "legal_ref": ";".join(act["id"] for act in acts)}
        tags = ["residual"] if company.endswith("999") else []
        tags += ["universal_waiver"] if fields["universal_waiver_applies"] else []
        self._made.put(
            "measures",
            (key,),
            {
                "jurisdiction": "GB",
                "measure_key": key,
                "kind": kind,
                "native_type": native,
                "scope": self._code,
                "origin_area": area,
                "origin_exclusions": ";".join(self._many(measure, "excluded_countries")),
                "ship_from_area": "",
                "programme": area if kind in _PREFERENCES else "",
                "additional_code": company,
                "order_number": self._one(measure, "order_number"),
                "tags": ";".join(tags),
                "mode": "",
                "expression": self._rate(measure),
                "legal_status": "in_force",
                **cited,
            },
        )
        self._area(area)
        for row in self._conditions(measure, pointer):
            number = (key, row["group"], row["seq"])
            self._made.put(
                "conditions", number, {"jurisdiction": "GB", "measure_key": key, **row, **cited}
            )

    def _one(self, measure: Any, name: str) -> str:
        found = measure["relationships"].get(name, {}).get("data")
        return str(found["id"]) if found else ""

    def _many(self, measure: Any, name: str) -> list[str]:
        return [each["id"] for each in measure["relationships"][name]["data"]]

    def _company(self, measure: Any) -> str:
        named = self._one(measure, "additional_code")
        return str(self._included["additional_code", named]["attributes"]["code"]) if named else ""

    def _area(self, area: str) -> None:
        found = self._included.get(("geographical_area", area))
        if found is None or area == _EVERYONE or "relationships" not in found:
            return
        for member in found["relationships"]["children_geographical_areas"]["data"]:
            row = {"area": area, "kind": "group", "member": member["id"]}
            dates = {"valid_from": "1972-01-01", "valid_to": ""}
            self._made.put(
                "areas", (area, member["id"]), {**row, **dates, **_CITED, "legal_ref": ""}
            )

    def _rate(self, measure: Any) -> str:
        """Components before text; a unit that is not known here leaves the text, as it is."""
        text = self._included["duty_expression", self._one(measure, "duty_expression")]
        base = str(text["attributes"]["base"])
        parts = [
            self._included["measure_component", each]["attributes"]
            for each in self._many(measure, "measure_components")
        ]
        terms = [_term(part) for part in parts]
        built = " ".join(term for term in terms if term)
        is_whole = bool(terms) and None not in terms and read_rate(built).state == "parsed"
        return built if is_whole else base

    def _conditions(self, measure: Any, pointer: str) -> Iterator[dict[str, str]]:
        native = self._one(measure, "measure_type")
        if native in _END_USES and not self._many(measure, "measure_conditions"):
            yield {**_END_USE, "requires": f"end_use:{native}"}
        for seq, named in enumerate(self._many(measure, "measure_conditions"), 1):
            fields = self._included["measure_condition", named]["attributes"]
            action = _ACTIONS.get(fields["action_code"])
            if action is None:
                message = f"no such action: {fields['action_code']}"
                raise _Strange(f"{pointer}/{named}", "unknown_word", message)
            yield {
                "group": fields["condition_code"],
                "seq": str(seq),
                "requires": _required(fields),
                "operator": fields["requirement_operator"] or "",
                "amount": _text(fields["condition_duty_amount"]),
                "unit": fields["condition_measurement_unit_code"] or "",
                "currency": fields["condition_monetary_unit_code"] or "",
                "action": action,
                "expression": "",
            }


def _required(fields: Any) -> str:
    """A ratio is nothing that a line can declare here: it is never satisfied."""
    if fields["document_code"]:
        return f"document:{fields['document_code']}"
    if fields["condition_duty_amount"] is None:
        return ""
    if fields["condition_code"] == "R":
        return "ratio"
    if not fields["condition_monetary_unit_code"]:
        return "quantity"
    return "unit_price" if fields["condition_measurement_unit_code"] else "value"


def _term(part: Any) -> str | None:
    """None for a component that no text of ours says."""
    op = _OPS.get(part["duty_expression_id"])
    if op is None or part["duty_amount"] is None:
        return None
    amount = f"{op} {_text(part['duty_amount'])}".strip()
    if not part["monetary_unit_code"]:
        return f"{amount}%"
    unit = (part["measurement_unit_code"], part["measurement_unit_qualifier_code"])
    word = word_of(unit[0] or "") if unit[1] is None else _QUALIFIED.get(unit)
    return f"{amount} {part['monetary_unit_code']} / {word}" if word else None


def _text(number: Any) -> str:
    return "" if number is None else str(number)


def _dates(begins: str, ends: str | None) -> dict[str, str]:
    """Legal days; the last one is inside."""
    return {"valid_from": begins[:10], "valid_to": (ends or "")[:10]}
