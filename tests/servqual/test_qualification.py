"""Who may carry: dates at the moment of use, gates with their facts, one table of ways."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Money
from services.servqual.domain.qualification.dossier import (
    Audit,
    Document,
    Dossier,
    Reach,
    Record,
    Screening,
    Span,
    Waiver,
    audit_score,
    covered_until,
    eligible_until,
    insured_up_to,
    lapsed,
    reminder_due,
)
from services.servqual.domain.qualification.gates import (
    FOR_PROVISIONAL,
    Carriage,
    closed,
    closed_for_approved,
    closed_for_provisional,
    gates,
    gates_of_shipment,
)
from services.servqual.domain.qualification.ways import (
    WAYS,
    Actor,
    Refused,
    Status,
    allowed,
    confirm,
    needs_second,
    way,
)

TODAY = date(2026, 11, 26)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def paper(kind: Any, first: int, last: int | None, **changed: Any) -> Document:
    made = Document("doc", kind, "1", "*", day(first), None if last is None else day(last),
                    "verified")  # fmt: skip
    return replace(made, **changed)


PAPERS = (
    paper("identity", -100, 100),
    paper("licence", -100, 90),
    paper("insurance", -100, 80, covers=Money.of(500_000, "EUR")),
    paper("data_agreement", -100, None),
)
SOUND = Dossier("CN", frozenset({"DE"}), PAPERS, (Screening(TODAY, 0),))
FULL = replace(
    SOUND,
    documents=(*PAPERS, paper("references", -1, 30)),
    reaches=(Reach(day(-1), "mail", True, False), Reach(day(-2), "phone", True, True)),
    audits=(Audit(day(-10), "remote", 0.9, False),),
    record=Record(0.0, 0, 0, True, 0.9, True),
)
offsets = st.integers(-60, 60)


@given(st.lists(st.tuples(offsets, st.integers(0, 40)), max_size=8))
def test_cover_is_unbroken_to_its_last_day_and_not_a_day_longer(
    stretches: list[tuple[int, int]],
) -> None:
    spans = [Span(day(first), day(first + length)) for first, length in stretches]

    last = covered_until(spans, TODAY)

    covered = {offset for first, length in stretches for offset in range(first, first + length + 1)}
    expected = -1
    while expected + 1 in covered:
        expected += 1
    assert last == day(expected)


def test_the_last_day_counts_and_the_day_after_does_not() -> None:
    assert eligible_until(SOUND, TODAY) == day(30)  # the screening ends first
    screened = replace(SOUND, screenings=(Screening(day(79), 0),))
    assert lapsed(screened, day(80)) == []
    assert lapsed(screened, day(81)) == ["insurance"]
    assert [name for name in FOR_PROVISIONAL if not gates(screened, day(81))[name].is_open] == [
        "insurance"
    ]


@given(st.integers(-5, 120))
def test_gates_and_dates_never_disagree(offset: int) -> None:
    """Two ways to the same answer: were one of them wrong, a lapsed provider would carry."""
    on = day(offset)
    dossier = replace(SOUND, screenings=(Screening(TODAY, 0), Screening(day(50), 1)))

    until = eligible_until(dossier, on)

    assert until is not None
    assert (until >= on) == (not closed(gates(dossier, on), FOR_PROVISIONAL))
    assert (until >= on) == (not lapsed(dossier, on))


@pytest.mark.parametrize("missing", ["identity", "licence", "insurance", "data_agreement"])
def test_what_was_never_shown_is_unknown_and_opens_nothing(missing: str) -> None:
    papers = tuple(each for each in PAPERS if each.kind != missing)

    found = gates(replace(SOUND, documents=papers), TODAY)

    shut = [name for name in FOR_PROVISIONAL if not found[name].is_open]
    assert len(shut) == 1
    assert found[shut[0]].state == "unknown"


def test_a_document_that_nobody_verified_counts_nowhere() -> None:
    for state in ("submitted", "refused", "expired", "superseded"):
        papers = tuple(replace(each, state=state) for each in PAPERS)
        found = gates(replace(SOUND, documents=papers), TODAY)
        assert set(closed(found, FOR_PROVISIONAL)) == set(FOR_PROVISIONAL) - {"sanctions"}


def test_a_licence_counts_where_it_was_given() -> None:
    chinese = replace(PAPERS[1], country="CN")
    partly = replace(SOUND, documents=(PAPERS[0], chinese, *PAPERS[2:]))

    assert lapsed(partly, TODAY) == ["licence DE"]
    assert not gates(partly, TODAY)["identity_licence"].is_open
    wanted = Carriage("CN", "DE", Money.of(100, "EUR"), TODAY)
    assert gates_of_shipment(partly, wanted, TODAY)["identity_licence"].state == "fail"
    at_home = replace(wanted, destination="CN")
    assert gates_of_shipment(partly, at_home, TODAY)["identity_licence"].is_open


def test_an_open_hit_counts_at_once_and_until_a_later_screening_is_clean() -> None:
    hit = replace(SOUND, screenings=(*SOUND.screenings, Screening(day(5), 2)))

    assert eligible_until(hit, TODAY) == day(4)
    assert gates(hit, day(5))["sanctions"].state == "fail"
    clean = replace(hit, screenings=(*hit.screenings, Screening(day(7), 0)))
    assert gates(clean, day(7))["sanctions"].is_open
    assert eligible_until(clean, day(7)) == day(37)
    assert eligible_until(clean, day(6)) == day(5)


def test_licence_insurance_and_sanctions_cannot_be_waived() -> None:
    waivers = tuple(
        Waiver(gate, day(9))
        for gate in ("identity_licence", "insurance", "sanctions", "data_agreement", "tangibles")
    )
    bare = Dossier("CN", waivers=waivers)

    found = gates(bare, TODAY)

    assert {name for name, gate in found.items() if gate.state == "waived"} == {
        "data_agreement", "tangibles",
    }  # fmt: skip
    assert gates(bare, day(10))["tangibles"].state == "unknown"
    assert "insurance" in lapsed(bare, TODAY)
    assert "data_agreement" not in lapsed(bare, TODAY)


def test_what_is_not_known_allows_provisional_only() -> None:
    found = gates(SOUND, TODAY)

    assert closed_for_provisional(found) == {}
    assert set(closed_for_approved(found)) == {
        "informatisation", "service_history", "tangibles", "contacts",
    }  # fmt: skip
    assert closed_for_approved(gates(FULL, TODAY)) == {}
    silent = gates(replace(SOUND, record=Record(feed_seen=False)), TODAY)
    assert set(closed_for_provisional(silent)) == {"informatisation"}


@pytest.mark.parametrize(
    ("wrong", "gate"),
    [
        ({"audits": (Audit(day(-1), "self", 1.0, False),)}, "tangibles"),
        ({"audits": (Audit(day(-1), "on_site", 1.0, True),)}, "tangibles"),
        ({"audits": (Audit(day(-1), "on_site", 0.79, False),)}, "tangibles"),
        ({"audits": (Audit(day(-183), "remote", 1.0, False),)}, "tangibles"),
        ({"audits": (Audit(day(-1), "on_site", None, False),)}, "tangibles"),
        ({"reaches": (Reach(TODAY, "mail", True, True),)}, "contacts"),
        ({"reaches": tuple(Reach(TODAY, c, True, False) for c in ("mail", "api"))}, "contacts"),
        ({"reaches": tuple(Reach(day(-31), c, True, True) for c in ("mail", "api"))}, "contacts"),
        ({"record": Record(0.0, 0, 0, True, 0.79, True)}, "informatisation"),
        ({"record": Record(0.0, 0, 0, True, 0.9, None)}, "informatisation"),
        ({"documents": PAPERS, "record": Record(29.9, 0, 0, True, 0.9, True)}, "service_history"),
    ],
)
def test_each_gate_of_approval_shuts_by_itself(wrong: dict[str, Any], gate: str) -> None:
    assert set(closed_for_approved(gates(replace(FULL, **wrong), TODAY))) == {gate}


def test_a_channel_is_reachable_by_one_of_its_last_two_checks() -> None:
    mail = [Reach(day(-at), "mail", at == 3, True) for at in (3, 2, 1)]
    phone = Reach(TODAY, "phone", True, True)

    assert gates(replace(FULL, reaches=(*mail, phone)), TODAY)["contacts"].state == "fail"
    assert gates(replace(FULL, reaches=(*mail[:2], phone)), TODAY)["contacts"].is_open


def test_insurance_covers_the_value_until_the_last_claim_is_over() -> None:
    def gate(minor: int | None, due: int, currency: str = "EUR") -> str:
        value = None if minor is None else Money.of(minor, currency)
        wanted = Carriage("CN", "DE", value, day(due))
        return gates_of_shipment(SOUND, wanted, TODAY)["insurance"].state

    assert gate(500_000, 20) == "pass"
    assert gate(500_000, 21) == "fail"  # 81 days on, one after its last
    assert gate(500_001, 20) == "fail"
    assert gate(100, 20, "USD") == "fail"
    assert gate(None, 20) == "unknown"
    assert insured_up_to(SOUND, day(81)) is None


def test_special_goods_need_their_certificate_and_a_full_week_is_full() -> None:
    wanted = Carriage("CN", "DE", Money.of(1, "EUR"), TODAY, dangerous_goods=True)
    assert gates_of_shipment(SOUND, wanted, TODAY)["special"].state == "fail"
    papers = (*PAPERS, paper("dangerous_goods", -1, 1))
    certified = replace(SOUND, documents=papers)
    assert gates_of_shipment(certified, wanted, TODAY)["special"].is_open
    full = replace(wanted, booked_in_week=7, weekly_capacity=7)
    assert gates_of_shipment(SOUND, full, TODAY)["capacity"].state == "fail"
    for accepted, state in ((17, "pass"), (16, "fail")):
        shown = replace(SOUND, record=Record(tenders=20, accepted=accepted))
        assert gates_of_shipment(shown, wanted, TODAY)["capacity"].state == state


def test_an_audit_counts_what_was_applicable() -> None:
    items = [(3, False, "pass"), (1, False, "fail"), (9, True, "not_applicable")]
    assert audit_score(items) == (0.75, False)
    assert audit_score([(1, True, "fail")]) == (0.0, True)
    assert audit_score([(1, True, "not_applicable")]) == (None, False)


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=60))
def test_each_reminder_is_sent_once(days: list[int]) -> None:
    insurance, last = paper("insurance", -100, 0), None
    sent = []
    for offset in sorted(days):
        if (due := reminder_due(insurance, last, day(offset))) is not None:
            sent.append(due)
            last = due
            assert -due <= offset <= 0

    assert sent == sorted(set(sent), reverse=True)
    assert bool(sent) == any(-30 <= offset <= 0 for offset in days)


def test_the_table_of_ways_is_the_specification() -> None:
    """Written out a second time: from, to, who, whether two."""
    told = """
    applied documents_submitted provider
    documents_submitted under_review operator
    under_review documents_submitted operator
    under_review rejected operator
    under_review provisional operator two
    provisional approved operator two
    provisional suspended operator,system
    approved suspended operator,system
    suspended provisional operator,system two
    suspended approved operator,system two
    applied withdrawn provider
    documents_submitted withdrawn provider
    under_review withdrawn provider
    provisional withdrawn provider
    """
    rows = [line.split() for line in told.strip().splitlines()]
    rows += [[status, "revoked", "operator", "two"] for status in Status if status != "revoked"]
    written = {
        (at.value, to.value): (sorted(each.by), each.second_person)
        for (at, to), each in WAYS.items()
    }

    assert written == {(at, to): (sorted(who.split(",")), bool(two)) for at, to, who, *two in rows}


@given(st.sampled_from(Status), st.sampled_from(Status), st.sampled_from(Actor))
def test_a_refusal_names_what_is_allowed(at: Status, to: Status, actor: Actor) -> None:
    found = way(at, to, actor, "because")

    if isinstance(found, Refused):
        assert found.why in ("illegal", "actor")
        assert to not in found.allowed
        assert found.allowed == allowed(at, actor)
    else:
        assert to in allowed(at, actor)
        assert needs_second(found, Actor.SYSTEM) is False


def test_a_reason_is_given_and_a_second_person_is_another() -> None:
    refused = way(Status.APPROVED, Status.REVOKED, Actor.OPERATOR, " ")
    assert isinstance(refused, Refused)
    assert refused.why == "reason"
    assert confirm("ann", "bo") is None
    again = confirm("ann", "ann")
    assert again is not None
    assert again.why == "person"
    assert allowed(Status.REVOKED, Actor.OPERATOR) == ()
