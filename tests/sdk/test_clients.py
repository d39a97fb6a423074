"""Both clients against the running platform."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sdk.operations import keyed_paths, operations
from tests.sdk.passage import Passage, answers, loses_the_answer
from tests.sdk.programs import installed, mypy, printed, run, tsc
from tests.system.platform import Box, Shop

pytestmark = pytest.mark.xdist_group("sdk")

SAID = ["duties 3.99", "total 59.57", "order ord_", "refused 422"]


def test_the_python_example_is_well_typed_and_quotes_orders_and_follows(
    python: Path, box: Box, tmp_path: Path
) -> None:
    program = tmp_path / "example.py"
    program.write_text(printed("python"))

    assert mypy(python, program) == ""
    said = run(sys.executable, program, at=tmp_path, PYTHONPATH=str(python), **_keys(box))

    assert _agrees(said.stdout), said.stderr
    assert "['/lines']" in said.stdout


def test_the_typescript_example_is_well_typed_and_quotes_orders_and_follows(
    typescript: Path, box: Box, tmp_path: Path
) -> None:
    program = installed(typescript, tmp_path) / "example.ts"
    program.write_text(printed("ts"))

    assert tsc(typescript, tmp_path) == ""
    said = run("node", program.with_suffix(".js"), at=tmp_path, **_keys(box))

    assert _agrees(said.stdout), said.stderr
    assert "[ '/lines' ]" in said.stdout


def test_what_the_platform_would_refuse_the_types_refuse_in_python(
    python: Path, tmp_path: Path
) -> None:
    wrong = {
        "quantity": ('"quantity": 2', '"quantity": "two"'),
        "field": ('"country": "US", "region"', '"county": "US", "region"'),
        "answer": ('"token": quote["token"]', '"token": quote["tokem"]'),
        "float": ('"ledger": quote["ledger"]', '"ledger": 12.5'),
        "money": ('placed["totals"]["grand_total"]', 'placed["totals"]["grand_total"]["amount"]'),
    }
    programs = [tmp_path / f"{name}.py" for name in wrong]
    for program, (right, changed) in zip(programs, wrong.values(), strict=True):
        program.write_text(_changed(printed("python"), right, changed))

    said = mypy(python, *programs)

    assert {name for name in wrong if f"{name}.py:" in said} == set(wrong), said


def test_what_the_platform_would_refuse_the_types_refuse_in_typescript(
    typescript: Path, tmp_path: Path
) -> None:
    wrong = {
        "quantity": ("quantity: 2", 'quantity: "two"'),
        "field": ('country: "US", region', 'county: "US", region'),
        "answer": ("token: quote.token,", "token: quote.tokem,"),
        "path": ('"/v1/orders", {', '"/v1/order", {'),
        "money": ("placed.totals.grand_total.amount", "placed.totals.grand_total.amount.toFixed()"),
    }
    folder = installed(typescript, tmp_path)
    for name, (right, changed) in wrong.items():
        (folder / f"{name}.ts").write_text(_changed(printed("ts"), right, changed))

    said = tsc(typescript, folder)

    assert {name for name in wrong if f"{name}.ts(" in said} == set(wrong), said


def test_a_lost_answer_is_asked_for_again_with_the_same_key_by_python(
    client: ModuleType, box: Box, passage: Passage
) -> None:
    hansa = client.api.Hansa(passage.url, box.keys["publishable"])
    order = _order(Shop(box.keys))
    before = set(Shop(box.keys).orders())

    passage.faults += [loses_the_answer, answers(503, Retry_After="0")]
    placed = hansa.orders.place_order(order)

    _one_order_came_of(passage, before, placed["order_id"], box)


def test_a_lost_answer_is_asked_for_again_with_the_same_key_by_typescript(
    typescript: Path, box: Box, passage: Passage, tmp_path: Path
) -> None:
    ask = "const placed = await platform.POST('/v1/orders', { body })"
    program = _script(typescript, tmp_path, ask, "console.log(placed.data.order_id)")
    order = json.dumps(_order(Shop(box.keys)))
    before = set(Shop(box.keys).orders())

    passage.faults += [loses_the_answer, answers(503, Retry_After="0")]
    said = run("node", program, at=tmp_path, BODY=order, **_keys(box, passage))

    assert said.returncode == 0, said.stderr
    _one_order_came_of(passage, before, said.stdout.strip(), box)


def test_two_intentions_have_two_keys_and_a_kept_intention_its_own(
    client: ModuleType, box: Box, passage: Passage
) -> None:
    hansa = client.api.Hansa(passage.url, box.keys["publishable"])
    order = _order(Shop(box.keys))

    ids = [
        hansa.orders.place_order(order)["order_id"],
        hansa.orders.place_order(order)["order_id"],
        hansa.orders.place_order(order, options={"idempotency_key": "basket-7"})["order_id"],
        hansa.orders.place_order(order, options={"idempotency_key": "basket-7"})["order_id"],
    ]

    assert len(set(ids)) == 3
    assert ids[2] == ids[3]
    first, second, *kept = [each.key for each in passage.to("/v1/orders")]
    assert first
    assert first != second
    assert kept == ["basket-7", "basket-7"]


def test_python_never_sends_twice_what_has_no_key_and_changes_something(
    client: ModuleType, box: Box, passage: Passage
) -> None:
    hansa = client.api.Hansa(passage.url, box.keys["secret"])

    passage.faults += [answers(503, Retry_After="0")]
    with pytest.raises(client.Problem) as refused:
        hansa.api_keys.create_key({"kind": "storefront"})

    assert refused.value.status == 503
    assert len(passage.to("/v1/api-keys")) == 1
    with pytest.raises(ValueError, match="keeps no Idempotency-Key"):
        hansa.api_keys.create_key({"kind": "storefront"}, options={"idempotency_key": "k"})


def test_typescript_never_sends_twice_what_has_no_key_and_changes_something(
    typescript: Path, box: Box, passage: Passage, tmp_path: Path
) -> None:
    program = _script(
        typescript, tmp_path, "await platform.POST('/v1/api-keys', { body }).catch(said)"
    )

    passage.faults += [answers(503, Retry_After="0")]
    body = json.dumps({"kind": "storefront"})
    said = run("node", program, at=tmp_path, BODY=body, **_keys(box, passage, "secret"))

    assert "503" in said.stdout, said.stderr
    assert len(passage.to("/v1/api-keys")) == 1


def test_what_was_refused_undone_waits_as_asked_and_is_sent_again(
    client: ModuleType, box: Box, passage: Passage
) -> None:
    hansa = client.api.Hansa(passage.url, box.keys["secret"])

    passage.faults += [answers(429, Retry_After="0"), answers(409, Retry_After="0")]
    made = hansa.api_keys.create_key({"kind": "storefront"})

    assert made["secret"].startswith("pk_")
    assert len(passage.to("/v1/api-keys")) == 3


def test_it_gives_up_after_four_attempts(client: ModuleType, box: Box, passage: Passage) -> None:
    hansa = client.api.Hansa(passage.url, box.keys["publishable"])

    passage.faults += [answers(502, Retry_After="0")] * 9
    with pytest.raises(client.Problem) as refused:
        hansa.markets.list_markets()

    assert (refused.value.status, len(passage.seen)) == (502, 4)


def test_a_problem_says_who_refused_what_and_where(client: ModuleType, box: Box) -> None:
    hansa = client.api.Hansa(box.url, box.keys["publishable"])

    with pytest.raises(client.Problem) as refused:
        hansa.landed_cost_quotes.quote(
            {"destination": {"country": "USA"}, "lines": [{"sku": "TEA-SENCHA-100", "quantity": 0}]}
        )

    problem = refused.value
    assert problem.type == "urn:hansa:problem:invalid"
    assert problem.request_id.startswith("req_")
    assert [each.pointer for each in problem.errors] == [
        "/destination/country",
        "/lines/0/quantity",
    ]


def test_every_operation_is_a_method_and_every_keyed_one_is_known_to_both(
    client: ModuleType, typescript: Path, document: dict[str, Any]
) -> None:
    hansa = client.api.Hansa("http://127.0.0.1:1", "sk_none")

    missing = [
        f"{each.tag}.{each.verb}"
        for each in operations(document)
        if not callable(getattr(getattr(hansa, each.tag.replace("-", "_")), each.verb, None))
    ]

    assert missing == []
    assert "/v1/orders" in keyed_paths(document)
    for path in keyed_paths(document):
        assert json.dumps(path) in (typescript / "src" / "keyed.ts").read_text()


def _keys(box: Box, passage: Passage | None = None, kind: str = "publishable") -> dict[str, str]:
    return {"HANSA_URL": passage.url if passage else box.url, "HANSA_KEY": box.keys[kind]}


def _agrees(said: str) -> bool:
    lines = said.splitlines()
    return [line[: len(word)] for line, word in zip(lines, SAID, strict=True)] == SAID


def _changed(program: str, right: str, wrong: str) -> str:
    assert program.count(right) == 1, right
    return program.replace(right, wrong)


def _order(shop: Shop) -> dict[str, Any]:
    quote = shop.quote()
    return {
        "quote": {"token": quote["token"], "ledger": quote["ledger"]},
        "buyer": {"name": "Ada"},
        "ship_to": {
            "name": "Ada", "street": "Weg 1", "city": "Berlin", "postal_code": "10115",
            "country": "DE",
        },
        "payment": {"token": "tok_success"},
    }  # fmt: skip


def _script(package: Path, folder: Path, *lines: str) -> Path:
    program = installed(package, folder) / "program.js"
    begin = (
        "import { hansa } from 'hansa-client'",
        "const platform = hansa(process.env.HANSA_URL, process.env.HANSA_KEY)",
        "const body = JSON.parse(process.env.BODY)",
        "const said = (problem) => console.log(problem.status, problem.message)",
    )
    program.write_text("\n".join([*begin, *lines]))
    return program


def _one_order_came_of(passage: Passage, before: set[str], order_id: str, box: Box) -> None:
    lost, unheard, answered = passage.to("/v1/orders")
    assert (lost.status, unheard.status, answered.status) == (201, 0, 201)
    assert lost.key == unheard.key == answered.key != ""
    assert lost.body == answered.body
    assert answered.replayed
    assert set(Shop(box.keys).orders()) - before == {order_id}
