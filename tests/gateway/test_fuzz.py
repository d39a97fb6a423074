"""Every operation of the merged document with generated input: no 5xx, nothing undocumented."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gateway.routes import OWNERS
from tests.onebox.box import load_sample, running

Box = tuple[TestClient, dict[str, str], Any]
RESOURCES = sorted(set(OWNERS) - {"carrier-webhooks", "payment-webhooks"})
EXAMPLES = 12


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("fuzz")
    with running(folder, heard_wait=timedelta(0), verdict_wait=timedelta(0)) as (client, keys):
        load_sample(client, keys)
        document = client.get("/openapi.json").json()
        yield client, keys, schemathesis.openapi.from_dict(document)


def operations_of(schema: Any, resource: str) -> list[Any]:
    found = [operation.ok() for operation in schema.get_all_operations()]
    return [each for each in found if each.path.split("/")[2] == resource]


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_input_makes_a_server_fail_or_answer_off_its_schema(box: Box, resource: str) -> None:
    client, keys, schema = box
    operations = operations_of(schema, resource)

    for operation in operations:
        _fuzz(client, keys, operation)


def _fuzz(client: TestClient, keys: dict[str, str], operation: Any) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), who=st.sampled_from(["secret", "publishable", "operator"]))
    def run(case: Any, who: str) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        headers = {**dict(sent.pop("headers") or {}), "Authorization": f"Bearer {keys[who]}"}
        known = {name: sent[name] for name in ("params", "json", "data") if name in sent}
        content = known.pop("data", None)
        answer = client.request(
            sent["method"], sent["url"], headers=headers, content=content, **known
        )
        assert answer.status_code < 500, (sent, answer.text)
        _is_documented(operation, answer)

    run()


def _is_documented(operation: Any, answer: Any) -> None:
    """The status is in the document, an error is a problem (of a page, a page), an answer fits."""
    documented = operation.definition.raw["responses"]
    assert str(answer.status_code) in documented, (operation.label, answer.status_code)
    media = answer.headers.get("content-type", "")
    if media.startswith("text/html"):
        assert "text/html" in documented[str(answer.status_code)]["content"]
    elif answer.status_code >= 400:
        assert media == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    elif media == "application/json":
        operation.validate_response(answer)
