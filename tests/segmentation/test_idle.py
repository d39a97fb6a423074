"""The service stays small: what numbers need is imported by processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.segmentation.queries.apart import computed

HEAVY = ("numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "statsmodels", "pandas")
ASKED = f"""
import sys
from pathlib import Path
from services.segmentation.app import SERVICE
from tests.running import RunningService, signed_in
from tests.segmentation.world import does, fitted, get, history, shop

service = RunningService(SERVICE, Path(sys.argv[1]))
service.hears(*shop(), *history(12))
with service.client() as client:
    assert client.get("/healthz").is_success
    path = "/v1/segment-models/" + fitted(client)["model_id"]
    row = {{"rows": [dict.fromkeys(get(client, path)["segments"][0]["profile"], 1.0)]}}
    assert len(does(client, path + "/predictions", row)["data"]) == 1
    assert get(client, path + "/drift")["subjects"] == 12
    rows = {{"rows": [[0], [1], [8], [9]], "clusters": 2}}
    assert does(client, "/v1/segmentation/calculations/fit", rows)["labels"] == [0, 0, 1, 1]
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def test_a_service_that_answers_all_this_never_imports_what_numbers_need(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKED, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    assert said.splitlines()[-1] == "[]"


def test_what_is_wrong_with_the_input_is_told_apart_from_what_is_wrong_with_us() -> None:
    asked = {
        "rows": [[1.0], [1.0]], "clusters": 2, "m": 2.0, "weights": None, "init": None,
        "tol": 1e-4, "seed": 1,
    }  # fmt: skip
    fit = "services.segmentation.domain.calculations:fit"
    with pytest.raises(ValueError, match="1 distinct rows, 2 clusters asked"):
        computed(fit, asked)
    with pytest.raises(RuntimeError, match="KeyError"):
        computed(fit, {})
    with pytest.raises(RuntimeError, match="no answer"):
        computed("services.segmentation.domain.calculations:nothing", {})
