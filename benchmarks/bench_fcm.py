"""Fuzzy c-means against scikit-learn's KMeans, fuzzy-c-means and scikit-fuzzy: same rows, same
start, m = 2, one thread, CPU per iteration with set-up and closing pass. Two minutes.

The two packages are installed into a temporary folder, for the run alone. What this machine tells
OPENBLAS about itself is unset in the child that measures: it may name an older processor.
"""

import json
import os
import subprocess
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.measure import in_turn, tell
from services.segmentation.domain.fcm import FuzzyCMeans, memberships

ROOT = Path(__file__).parents[1]
RIVALS = ("fuzzy-c-means==2.3.1", "scikit-fuzzy==0.5.0", "tqdm", "networkx", "packaging")
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
STEPS, RIVAL_STEPS, ROUNDS = 20, 5, 3
CLEAR = 1.0  # spread at which blobs have one optimum: else which one is found is luck
Floats = np.ndarray[Any, np.dtype[Any]]
Figures = dict[str, Any]


class Case:
    """Rows of c blobs, by default overlapping, and the rows it starts from."""

    def __init__(
        self, rows: int, width: int, clusters: int, dtype: str, spread: float = 2.0
    ) -> None:
        random = np.random.default_rng(0)
        centres = random.normal(size=(clusters, width)) * 4
        noise = random.normal(size=(rows, width)) * spread
        self.x = (centres[random.integers(0, clusters, rows)] + noise).astype(dtype)
        self.start = self.x[:clusters].copy()
        self.name = f"{rows:.0e} x {width}, c {clusters}, {dtype}".replace("e+0", "e")
        self.kind = dtype

    def ours(self, m: float = 2.0, **chosen: Any) -> FuzzyCMeans:
        known: dict[str, Any] = {"init": self.start, "tol": 0, "max_iter": STEPS}
        known |= {"dtype": self.kind}
        return FuzzyCMeans(len(self.start), m=m, engine="serial", **(known | chosen)).fit(self.x)

    def ours_ms(self, m: float = 2.0, **chosen: Any) -> float:
        return cpu_ms(lambda: self.ours(m, **chosen)) / STEPS

    def k_means_ms(self) -> float:
        model = KMeans(len(self.start), init=self.start, n_init=1, max_iter=STEPS, tol=0)
        took = cpu_ms(lambda: model.fit(self.x))
        return took / float(model.n_iter_)

    def first_memberships(self) -> Floats:
        u = np.empty((len(self.x), len(self.start)), self.kind)
        for rows, found in memberships(self.x, self.start.astype(np.float64), 2.0, None):
            u[rows] = found.u.T
        return u

    def fcmeans_ms(self, steps: int = RIVAL_STEPS) -> float:
        from fcmeans import FCM  # type: ignore[import-not-found]  # noqa: PLC0415

        u = self.first_memberships()

        class Started(FCM):  # type: ignore[misc]
            def _init_u(self, X: Floats) -> None:  # noqa: ARG002
                self.u = u

        model = Started(n_clusters=len(self.start), max_iter=steps, error=1e-9)
        took = cpu_ms(lambda: model.fit(self.x))
        self.check(model.centers, steps)
        return took / steps

    def skfuzzy_ms(self, steps: int = RIVAL_STEPS) -> float:
        from skfuzzy.cluster import cmeans  # type: ignore[import-not-found]  # noqa: PLC0415

        u, found = self.first_memberships().T, []
        took = cpu_ms(
            lambda: found.append(
                cmeans(self.x.T, len(self.start), 2, error=0, maxiter=steps, init=u)[0]
            )
        )
        self.check(found[0], steps)
        return took / steps

    def check(self, centres: Floats, steps: int) -> None:
        """They do the same work, else the ratio says nothing."""
        own = self.ours(max_iter=steps).cluster_centers_
        apart = ((own[:, None] - np.asarray(centres, np.float64)) ** 2).sum(axis=2)
        if np.sqrt(apart.min(axis=1)).max() > 0.05:
            raise AssertionError(f"{self.name}: not the same centres after {steps} steps")


def cpu_ms(do: Callable[[], Any]) -> float:
    began = time.process_time()
    do()
    return 1_000 * (time.process_time() - began)


def against_others(
    case: Case, double: Case, goals: tuple[str, str, str], steps: int = RIVAL_STEPS
) -> Figures:
    """The others work in float64, as they do by themselves; fuzzy-c-means also in float32, which
    in sums over a million rows leaves it three digits.
    """
    measured = {"ours": case.ours_ms, "KMeans": case.k_means_ms}
    if has_rivals():
        measured["fuzzy-c-means"] = lambda: double.fcmeans_ms(steps)
        measured["scikit-fuzzy"] = lambda: double.skfuzzy_ms(steps)
        measured["fuzzy-c-means of float32 rows"] = lambda: case.fcmeans_ms(steps)
    found = in_turn(measured, ROUNDS)
    figures: Figures = {f"{case.name}: ours, ms an iteration": found["ours"]}
    wanted = {
        "fuzzy-c-means": f" (goal >= {goals[0]})",
        "scikit-fuzzy": f" (goal >= {goals[1]})",
        "fuzzy-c-means of float32 rows": "",
    }
    for name, goal in wanted.items():
        said = found[name] / found["ours"] if name in found else "not reachable"
        figures[f"{case.name}: {name} / ours{goal}"] = said
    figures[f"{case.name}: ours / KMeans (goal <= {goals[2]})"] = found["ours"] / found["KMeans"]
    return figures


def against_k_means(case: Case, goal: str) -> Figures:
    found = in_turn({"ours": case.ours_ms, "KMeans": case.k_means_ms}, ROUNDS + 2)
    return {f"{case.name}: ours / KMeans (goal <= {goal})": found["ours"] / found["KMeans"]}


def of_fuzzifiers(case: Case) -> Figures:
    goals = {1.5: "1.6", 1.25: "1.8", 1.7: "2.3"}
    found = in_turn({str(m): lambda m=m: case.ours_ms(m) for m in (2.0, *goals)}, ROUNDS)  # type: ignore[misc]
    return {
        f"{case.name}: m = {m} / m = 2 (goal <= {goal})": found[str(m)] / found["2.0"]
        for m, goal in goals.items()
    }


def of_memory(case: Case) -> Figures:
    """Beyond X, which is float64."""
    x_mb, width = case.x.nbytes / 2**20, case.x.shape[1]
    k_means = KMeans(len(case.start), init=case.start, n_init=1, max_iter=2, tol=0)
    double, k_means_mb = peak_mb(case.ours), peak_mb(lambda: k_means.fit(case.x))
    goal = (width + 2) / width * x_mb + 24
    return {
        f"{case.name}: float32 memory / X (goal <= 0.8)": (
            peak_mb(lambda: case.ours(dtype="float32", max_iter=2)) / x_mb
        ),
        f"{case.name}: float64 memory, MB (goal <= {goal:.0f})": double,
        f"{case.name}: float64 memory / KMeans (goal <= 1.1)": double / k_means_mb,
        f"{case.name}: copy=False memory, MB (goal <= 32)": peak_mb(
            lambda: case.ours(copy=False, max_iter=2)
        ),
    }


def of_no_copy(case: Case) -> Figures:
    kept: dict[str, Callable[[], float]] = {
        f"{dtype}{copy}": lambda dtype=dtype, copy=copy: case.ours_ms(dtype=dtype, copy=copy)  # type: ignore[misc]
        for dtype in ("float64", "float32")
        for copy in (True, False)
    }
    found = in_turn(kept, ROUNDS)
    return {
        f"{case.name} in {dtype}: copy=False time (goal <= 2)": found[f"{dtype}False"]
        / found[f"{dtype}True"]
        for dtype in ("float64", "float32")
    }


def peak_mb(do: Callable[[], Any]) -> float:
    tracemalloc.start()
    do()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def of_large(case: Case, full_starts: int, single_goal: str) -> Figures:
    """Sample, then sweeps over all rows, against fits on all rows from the first step on."""
    known: dict[str, Any] = {"init": "k-means++", "tol": 1e-4, "max_iter": 300, "random_state": 0}
    quick, direct, single = [], [], []
    took = cpu_ms(lambda: quick.append(case.ours(**known)))
    one = cpu_ms(lambda: single.append(case.ours(**known, n_init=1)))
    full = [
        cpu_ms(lambda k=k: direct.append(  # type: ignore[misc]
            case.ours(**(known | {"random_state": k}), n_init=1, sample=None)))
        for k in range(full_starts)
    ]  # fmt: skip
    best = min(model.objective_ for model in direct)
    figures: Figures = {
        f"{case.name}: one start, direct / by sample (goal >= {single_goal})": full[0] / one,
        f"{case.name}: one start, J above direct (goal <= 1e-6)": (
            f"{single[0].objective_ / direct[0].objective_ - 1:.1e}"
        ),
    }
    ten = sum(full) * 10 / full_starts
    figures[f"{case.name}: ten full starts / default fit (goal >= 8)"] = ten / took
    figures[f"{case.name}: J above best of {full_starts} (goal <= 1e-6)"] = (
        f"{quick[0].objective_ / best - 1:.1e}"
    )
    figures[f"{case.name}: soft_predict / sweep (goal <= 2)"] = soft_predict_in_sweeps(case)
    return figures


def soft_predict_in_sweeps(case: Case) -> float:
    model = case.ours(max_iter=2)
    found = in_turn(
        {
            "soft": lambda: cpu_ms(lambda: model.soft_predict(case.x)),
            "few": lambda: cpu_ms(lambda: case.ours(max_iter=10)),
            "many": lambda: cpu_ms(lambda: case.ours(max_iter=40)),
        },
        ROUNDS,
    )
    return found["soft"] / (found["many"] - found["few"]) * 30


def measured() -> Figures:
    warnings.simplefilter("ignore")
    figures: Figures = {}
    single, double = (Case(10**6, 8, 5, kind) for kind in ("float32", "float64"))
    figures |= against_others(single, double, ("10", "16", "1.3"))
    figures |= of_fuzzifiers(single)
    figures |= against_k_means(double, "1.2") | of_memory(double) | of_no_copy(double)
    single, double = (Case(10**6, 16, 10, kind) for kind in ("float32", "float64"))
    figures |= against_others(single, double, ("10", "16", "1.5"), steps=3)
    figures |= against_k_means(double, "1.5")
    single, double = (Case(10**5, 8, 5, kind) for kind in ("float32", "float64"))
    figures |= against_others(single, double, ("5", "10", "1.3"), STEPS)
    figures |= of_large(Case(10**6, 8, 5, "float32", CLEAR), 10, "2")
    return figures | of_large(Case(10**6, 16, 10, "float32", CLEAR), 5, "3")


def has_rivals() -> bool:
    return find_spec("fcmeans") is not None and find_spec("skfuzzy") is not None


def install(folder: str) -> None:
    uv = ROOT / ".tools/bin/uv"
    asked: list[str | Path] = [uv, "pip", "install", "-q", "--no-deps", "--python", sys.executable]
    subprocess.run([*asked, "--target", folder, *RIVALS], check=False, timeout=120)


def main() -> None:
    with TemporaryDirectory() as folder:
        install(folder)
        known = {name: value for name, value in os.environ.items() if name not in UNSET}
        child = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_fcm", "child"],
            env=known | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
            cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    tell("fcm", json.loads(child.stdout))


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        with threadpool_limits(1):
            print(json.dumps(measured()))
    else:
        main()
