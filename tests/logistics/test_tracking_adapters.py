"""Webhook formats: signatures by the published vectors, the corpus by its expected outcomes."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.adapters.tracking import ADAPTERS, hansa, standard_webhooks
from services.logistics.adapters.tracking.seam import read_delivery
from services.logistics.domain.tracking.body import Unusable, read_body
from services.logistics.domain.tracking.fold import Retraction, fold
from services.logistics.domain.tracking.item import (
    Estimate,
    OtherEvent,
    Report,
    comparable_number,
    scans_from,
)
from services.logistics.domain.tracking.scan import Scan, Source
from services.logistics.domain.tracking.timeline import timeline

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
if not SHARED.is_dir():
    pytest.skip(f"../shared is missing: {SHARED}", allow_module_level=True)

WEBHOOKS = SHARED / "data" / "webhooks"
OURS = ("easypost", "hansa")
VECTORS = [
    vector
    for vector in json.loads((WEBHOOKS / "signature_vectors.json").read_text())
    if vector["provider"] in OURS
]
STANDARD = json.loads((SHARED / "cases/standardwebhooks/vectors.json").read_text())["vectors"]
EXPECTED = [
    row
    for row in map(json.loads, (WEBHOOKS / "expected.jsonl").read_text().splitlines())
    if row["provider"] in OURS
]
NOW = 1_795_305_600
SECRETS = {"easypost": "sécret", "hansa": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
BODIES = [(row["provider"], (WEBHOOKS / row["file"]).read_bytes()) for row in EXPECTED]


def source_of(provider: str, number: str = "1") -> Source:
    received_at = datetime.fromtimestamp(NOW, UTC)
    return Source(provider, f"trk_{number}", "con_1", "confirmed", received_at)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_published_signature_gets_its_published_verdict(vector: dict[str, Any]) -> None:
    raw = (WEBHOOKS / vector["body_file"]).read_bytes()
    if "without its final newline" in vector.get("note", ""):
        raw = raw.removesuffix(b"\n")

    adapter, headers = ADAPTERS[vector["provider"]], vector["headers"]
    valid = adapter.verify(raw, headers, [vector["secret"]], vector.get("now", NOW))

    assert valid is (vector["expect"] == "valid")
    shouted = {name.upper(): value for name, value in headers.items()}
    now = vector.get("now", NOW)
    assert adapter.verify(raw, shouted, ["b3RoZXI=", vector["secret"]], now) is valid
    assert not adapter.verify(raw + b" ", headers, [vector["secret"]], now)
    assert not adapter.verify(raw, headers, [], now)


@pytest.mark.parametrize("vector", STANDARD, ids=lambda vector: vector["id"])
def test_a_standard_webhooks_vector_gets_its_verdict(vector: dict[str, Any]) -> None:
    valid = standard_webhooks.verify(
        vector["payload"].encode(),
        vector["headers"],
        [vector["secret"]],
        vector["now"],
        vector["tolerance_s"],
    )

    assert valid is (vector["expect"] == "valid")


@pytest.mark.parametrize("provider", OURS)
def test_what_is_signed_is_verified_and_under_no_other_secret(provider: str) -> None:
    adapter, secret = ADAPTERS[provider], SECRETS[provider]
    headers = adapter.sign(b"{}", "evt_1", secret, NOW)

    assert adapter.verify(b"{}", headers, [secret], NOW)
    assert not adapter.verify(b"{}", headers, ["b3RoZXI="], NOW)
    assert not adapter.is_usable_secret("")
    with pytest.raises(ValueError, match="secret"):
        adapter.sign(b"{}", "evt_1", "", NOW)


def test_an_empty_secret_verifies_nothing_even_if_it_was_used_to_sign() -> None:
    empty = "X-Hmac-Signature"
    forged = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"  # HMAC("", "")

    assert not ADAPTERS["easypost"].verify(b"", {empty: f"hmac-sha256-hex={forged}"}, [""], NOW)
    assert not hansa.is_usable_secret("whsec_")


@pytest.mark.parametrize(
    ("apart_s", "valid"), [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_a_signed_time_is_good_for_five_minutes_either_way(apart_s: int, valid: bool) -> None:
    headers = hansa.sign(b"{}", "evt_1", SECRETS["hansa"], NOW)

    assert hansa.verify(b"{}", headers, [SECRETS["hansa"]], NOW + apart_s) is valid


def test_during_a_rotation_both_secrets_sign_and_either_verifies() -> None:
    old, new = "whsec_b2xk", "whsec_bmV3"
    headers = standard_webhooks.sign(b"{}", "evt_1", [new, old], NOW)

    assert len(headers["webhook-signature"].split()) == 2
    assert all(standard_webhooks.verify(b"{}", headers, [one], NOW) for one in (old, new))


def test_a_hex_digest_has_no_case() -> None:
    easypost, secret = ADAPTERS["easypost"], SECRETS["easypost"]
    prefix, _, digest = easypost.sign(b"{}", "", secret, NOW)["X-Hmac-Signature"].partition("=")

    shouted = {"X-Hmac-Signature": f"{prefix}={digest.upper()}"}

    assert easypost.verify(b"{}", shouted, [secret], NOW)


def test_a_right_signature_under_another_version_is_skipped() -> None:
    headers = hansa.sign(b"{}", "evt_1", SECRETS["hansa"], NOW)
    other = headers["webhook-signature"].replace("v1,", "v2,")

    verdict = hansa.verify(b"{}", {**headers, "webhook-signature": other}, [SECRETS["hansa"]], NOW)

    assert not verdict


def test_an_unreadable_native_time_gives_way_to_the_clock_beside_it_and_is_kept_without_one() -> (
    None
):
    def read(**times: str) -> tuple[str | None, str | None]:
        told = {"tracking_number": "1", "scans": [{"status": "delivered", **times}]}
        parsed = hansa.parse({"type": hansa.SCANS, "data": told})
        assert isinstance(parsed, Report)
        return parsed.items[0].entries[0].at.raw, parsed.items[0].entries[0].at.utc

    assert read(occurred_at="soon") == ("soon", None)
    assert read(occurred_at="soon", local_time="2026-03-01T10:00", utc_offset="+02:00") == (
        "2026-03-01T10:00",
        "2026-03-01T08:00:00Z",
    )


HEADER_TEXT = st.text() | st.sampled_from(["v1,", "v1,é", "hmac-sha256-hex=é", "9" * 5000, "-1"])


@given(
    raw=st.binary(),
    values=st.lists(HEADER_TEXT, min_size=4, max_size=4),
    secret=st.text(),
    provider=st.sampled_from(OURS),
)
def test_no_header_value_makes_verification_raise(
    raw: bytes, values: list[str], secret: str, provider: str
) -> None:
    names = ("X-Hmac-Signature", "webhook-id", "webhook-timestamp", "webhook-signature")

    assert not ADAPTERS[provider].verify(raw, dict(zip(names, values, strict=True)), [secret], NOW)


def told(row: dict[str, Any], parsed: Report) -> dict[str, dict[str, Any]]:
    """Per tracker what the deliveries of a corpus row come to when posted to an empty inbox."""
    outcome = {}
    for item in parsed.items:
        source = source_of(row["provider"], item.number)
        scans = scans_from(item, source).scans
        retractions = [Retraction(gone.scan_id, "con_1") for gone in item.withdrawals]
        folded = fold(scans, retractions)
        outcome[comparable_number(item.number)] = {
            "new_scans": len({scan.key for scan in scans}),
            "status": folded.status,
            "leg": folded.leg,
            "flags": list(folded.flags),
        }
    return outcome


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: row["file"])
def test_a_payload_of_the_corpus_comes_to_its_expected_outcome(row: dict[str, Any]) -> None:
    raw = (WEBHOOKS / row["file"]).read_bytes()
    adapter, event_id = ADAPTERS[row["provider"]], json.loads(raw)["id"]
    headers = adapter.sign(raw, event_id, row["secret"], row["now"])

    assert adapter.verify(raw, headers, [row["secret"]], row["now"])
    parsed = read_delivery(adapter, raw, headers)

    assert isinstance(parsed, Report)
    assert parsed.event_id == event_id
    assert told(row, parsed) == row["expect"]["trackers"]


def history(provider: str, file: str) -> list[Scan]:
    parsed = read_delivery(ADAPTERS[provider], (WEBHOOKS / file).read_bytes(), {})
    assert isinstance(parsed, Report)
    return list(scans_from(parsed.items[0], source_of(provider)).scans)


def test_an_easypost_clock_is_local_although_it_is_marked_z() -> None:
    first = history("easypost", "easypost/tracker_updated_delivered_no_delivered_row.json")[0]

    assert (first.local, first.utc, first.offset) == ("2025-09-20T17:54:00", None, None)
    assert first.zone_source == "claimed_z"
    assert first.raw == "2025-09-20T17:54:00Z"
    assert first.sort_at == datetime(2025, 9, 20, 21, 54, tzinfo=UTC).timestamp()  # New York
    assert (first.code, first.sub_code) == ("pre_transit", "OC")


def test_a_native_scan_keeps_its_clock_its_offset_and_its_precision() -> None:
    scans = history("hansa", "hansa/scans.json")

    assert [(scan.local, scan.offset, scan.utc, scan.precision) for scan in scans] == [
        ("2026-08-28T16:05:00", "+03:00", "2026-08-28T13:05:00Z", "second"),
        ("2026-08-31T09:20", "+01:00", "2026-08-31T08:20:00Z", "minute"),
        ("2026-09-01", None, None, "date"),
    ]
    assert [scan.reason for scan in scans] == [None, "customs_processing", None]


def test_a_retraction_takes_its_scan_out_and_off_the_timeline_in_either_order() -> None:
    scans = history("hansa", "hansa/scans.json")
    gone = [Retraction("s3", "con_1")]

    assert fold(scans, gone).status == "customs_hold"
    assert [line.status for line in timeline(scans, gone)] == ["picked_up", "customs_hold"]
    assert fold(scans, [Retraction("s3", "con_other")]).status == "in_transit"


def test_a_body_is_refused_by_the_first_reason_that_fits() -> None:
    nested = b'{"a":' * 64 + b"1" + b"}" * 64

    assert isinstance(read_body(nested), dict)
    assert isinstance(read_body(b'{"a":"' + b"[" * 100 + b'\\""}'), dict)
    refused = {
        b"": "empty_body",
        b" \n": "empty_body",
        b'{"a":NaN}': "not_json",
        b'{"a":-Infinity}': "not_json",
        b'{"a":"\xff"}': "not_json",
        b'{"a":1': "not_json",
        b'{"a":' + b"9" * 5000 + b"}": "not_json",
        b"[1]": "not_an_object",
        b"null": "not_an_object",
        b'{"a":' * 65 + b"1" + b"}" * 65: "too_deep",
        b"[" * 100_000: "too_deep",
        b'{"a":"' + b'\\"' * 500_000 + b"[{" * 40: "not_json",  # a slow scan would never end
    }
    assert {raw: read_body(raw) for raw in refused} == {
        raw: Unusable(reason) for raw, reason in refused.items()
    }


@given(st.binary())
def test_every_byte_string_is_a_document_or_unusable(raw: bytes) -> None:
    assert isinstance(read_body(raw), dict | Unusable)


def test_an_event_that_is_no_scan_is_accepted_with_its_estimate_and_others_are_not() -> None:
    easypost = ADAPTERS["easypost"].parse
    batch = {
        "id": "e",
        "description": "batch.updated",
        "result": {"est_delivery_date": "2026-01-02"},
    }

    assert easypost(batch) == OtherEvent(
        "e", "batch.updated", None, Estimate("2026-01-02", "2026-01-02")
    )
    assert easypost({"id": "e"}) == Unusable("unknown_event_type", "e")
    assert easypost({"description": "tracker.updated"}) == Unusable("no_tracking_number")
    assert hansa.parse({"type": "hansa.tracking.scans.v2"}) == Unusable("unknown_event_type")
    assert hansa.parse({"type": hansa.SCANS, "data": {"tracking_number": False}}) == Unusable(
        "no_tracking_number"
    )


def test_a_signed_id_that_is_not_the_events_own_is_quarantined() -> None:
    raw = (WEBHOOKS / "hansa/scans.json").read_bytes()

    assert read_delivery(hansa, raw, {"Webhook-Id": "evt_x"}) == Unusable(
        "id_mismatch", "evt_hn_0001"
    )


def test_a_history_of_more_than_five_thousand_scans_is_quarantined() -> None:
    def body(length: int) -> dict[str, Any]:
        scans = [{"scan_id": str(n), "status": "in_transit"} for n in range(length)]
        return {"id": "e", "type": hansa.SCANS, "data": {"tracking_number": "1", "scans": scans}}

    assert isinstance(hansa.parse(body(5_000)), Report)
    assert hansa.parse(body(5_001)) == Unusable("history_too_long", "e")


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


ODD = [
    *("", "\0", "\ud800", "2026-02-31T25:61:00Z", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", "2026-01-01T10:00+99:99", 10**60),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_any_type_in_any_place_of_a_payload_is_parsed_without_an_exception(
    data: st.DataObject,
) -> None:
    provider, raw = data.draw(st.sampled_from(BODIES))
    document = json.loads(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(places(document)[1:]))
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = copy.deepcopy(data.draw(ANYTHING))

    parsed = ADAPTERS[provider].parse(document)

    for item in parsed.items if isinstance(parsed, Report) else ():
        scans = scans_from(item, source_of(provider)).scans
        json.dumps([{**scan.to_row(), "received_at": None} for scan in scans]).encode()
        assert [Scan.from_row(scan.to_row()) for scan in scans] == list(scans)
        assert not any("\0" in (scan.text or "") for scan in scans)
        "".join(scan.text or "" for scan in scans).encode()  # no lone surrogate is left
        assert fold(scans) == fold(reversed(scans))
        timeline(scans)
