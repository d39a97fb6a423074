"""`FuzzyCMeans`: fuzzy c-means as scikit-learn knows an estimator."""

import math
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from services.segmentation.domain.fcm import checked
from services.segmentation.domain.fcm.closing import (
    Closing,
    closed,
    is_collapsed,
    mass_of,
    ordered,
)
from services.segmentation.domain.fcm.descent import Until
from services.segmentation.domain.fcm.engine import one_blas_thread, running
from services.segmentation.domain.fcm.fitting import Fitted, Plan, Training, fitted, sample_size
from services.segmentation.domain.fcm.frame import Floats, Frame, measured
from services.segmentation.domain.fcm.membership import Partition
from services.segmentation.domain.fcm.stream import Stream
from services.segmentation.domain.fcm.sweep import Rule, Sums
from services.segmentation.domain.fcm.warned import CollapseWarning

SINGLE_FROM = 1 << 20  # values from which float32 pays
PART = 32_768  # rows that tell the order of segments, but for some that are all but equal
SINGLE_REACH = 1e4  # s: a value further from its mean takes the digits of the others


class FuzzyCMeans(ClusterMixin, BaseEstimator):
    """minimise J = sum_i w_i sum_k u_ik^m ||x_i - v_k||^2, sum_k u_ik = 1 (Bezdek 1981).

    X is (n, d), finite, in any units; distances are Euclidean, so scale the features first.
    Segments come by decreasing mass. `init` is "k-means++" or centres (c, d). `dtype` "auto"
    works in float32 on large data. `sample` "auto" lets the starts of more than 200,000 rows run
    on a part of them; a number of rows, or None for all. `noise_distance` adds a cluster at that
    distance from every row (Dave 1991). `copy=False` keeps no copy of X, at twice the time.

    `objective_` is J of `cluster_centers_` with the memberships that belong to them; `mass_` is
    sum_i w_i u_ik. A fit that is `collapsed_` tells no segments apart.
    """

    cluster_centers_: Floats
    labels_: NDArray[np.int32]
    objective_: float
    objective_history_: NDArray[np.float64]
    start_objectives_: NDArray[np.float64]
    n_iter_: int
    n_sweeps_: int
    mass_: Floats
    converged_: bool
    collapsed_: bool
    _stream: Stream
    _dtype: str

    def __init__(  # noqa: PLR0913
        self,
        n_clusters: int = 3,
        *,
        m: float = 2.0,
        init: Any = "k-means++",
        n_init: int = 10,
        max_iter: int = 300,
        tol: float = 1e-4,
        dtype: Any = "auto",
        sample: int | str | None = "auto",
        noise_distance: float | None = None,
        forgetting: float = 1.0,
        engine: str = "auto",
        copy: bool = True,
        random_state: Any = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.m = m
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.dtype = dtype
        self.sample = sample
        self.noise_distance = noise_distance
        self.forgetting = forgetting
        self.engine = engine
        self.copy = copy
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Raises ValueError, with a remedy, for what cannot be fitted."""
        self._fit(X, sample_weight)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> NDArray[np.int32]:
        found: NDArray[np.int32] = self.fit(X, y, sample_weight).labels_
        return found

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One update by a chunk of a shuffled stream; the first call is a fit.

        Older sums are multiplied by `forgetting`. `labels_` and `objective_` are of the chunk;
        segments keep the order of the first call.
        """
        if not hasattr(self, "_stream"):
            return self.fit(X, y, sample_weight)
        checked.parameters(self)
        x, weights = self._checked(X, sample_weight, reset=False)
        seen = self._stream
        training = Training(*_weighty(x, weights), seen.frame, np.dtype(self._dtype))
        before = seen.frame.inward(self.cluster_centers_)
        with running(self.engine, len(x)) as engine:
            rule = self._rule(seen.frame.unit)
            sums = engine.sweep(training.rows(kept=False), before, rule)
            chunk = _streamed(training, sums, measured(training.x, training.weights))
            seen.warn_of_order(chunk, len(x))
            self._stream = seen.joined(chunk, self.forgetting)
            self.cluster_centers_ = seen.frame.outward(self._stream.sums.centres(before))
            closing = self._closing(x, weights, self.cluster_centers_)
        self.mass_ = self.forgetting * self.mass_ + closing.mass
        self.n_iter_ += 1
        self.n_sweeps_ += 1
        self.objective_history_ = np.append(self.objective_history_, closing.objective)
        self._conclude(closing, self._stream.spread)
        return self

    def predict(self, X: Any) -> NDArray[np.int32]:
        """The segment of the largest membership, (n,); within 1e-7 of it the lowest index wins."""
        x = self._known(X)
        with one_blas_thread():
            return self.partition().hard(x)

    def soft_predict(self, X: Any, *, with_noise: bool = False) -> Floats:
        """Memberships (n, c) in the type the fit worked in; each row sums to 1 less its noise,
        which `with_noise` gives as one column more where there is a noise cluster.
        """
        x = self._known(X)
        with one_blas_thread():
            u = self.partition().soft(x)
        return u if with_noise else u[:, : self.partition().clusters]

    def partition(self) -> Partition:
        """What the fit found, without what found it."""
        return self._partition(self.cluster_centers_)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:  # noqa: ARG002
        """-J of X in the fitted centres: higher is better."""
        x, weights = self._checked(X, sample_weight, reset=False)
        with one_blas_thread():
            return -self._closing(x, weights, self.cluster_centers_).objective

    def _fit(self, X: Any, sample_weight: Any) -> None:
        checked.parameters(self)
        x, weights = self._checked(X, sample_weight, reset=True)
        weighty = _weighty(x, weights)
        given = checked.start(self.init, self.n_clusters, x.shape[1])
        checked.enough_distinct(weighty[0], self.n_clusters)
        frame = measured(*weighty)
        self._dtype = self._working_type(weighty[0].size, frame.reach)
        training = Training(*weighty, frame, np.dtype(self._dtype))
        plan = self._plan(training, given is not None)
        random = check_random_state(self.random_state)
        with running(self.engine, len(x)) as engine:
            rows = training.rows(kept=self.copy)
            found = fitted(training, plan, given, random, engine, rows)
            closing = self._ordered(x, weights, found, training)
        self._stream = _streamed(training, found.descent.sums, frame)
        self._tell(found, closing, training)

    def _ordered(
        self, x: Floats, weights: Floats | None, found: Fitted, training: Training
    ) -> Closing:
        """Centres by decreasing mass. A part of the rows nearly always tells their order."""
        centres = training.frame.outward(found.descent.centres)
        part = slice(None, None, max(1, len(x) // PART))
        guess = mass_of(
            x[part], None if weights is None else weights[part], self._partition(centres)
        )
        order = ordered(guess, centres)
        closing = self._closing(x, weights, centres[order])
        again = ordered(closing.mass, centres[order])
        if (np.diff(again) < 0).any():
            order = order[again]
            closing = self._closing(x, weights, centres[order])
        self.cluster_centers_ = centres[order]
        moments = found.descent.sums.moments
        moments[:] = moments[order]
        return closing

    def _tell(self, found: Fitted, closing: Closing, training: Training) -> None:
        descent, unit = found.descent, training.cost_unit
        self.mass_ = closing.mass
        self.objective_history_ = np.append(np.array(descent.history) * unit, closing.objective)
        self.start_objectives_ = np.array(found.objectives) * unit
        self.n_iter_ = found.iterations
        self.n_sweeps_ = found.sweeps
        self.converged_ = descent.settled
        if not descent.settled and self.tol > 0:
            warnings.warn(
                f"centres still move after {self.n_iter_} iterations: raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=4,
            )
        self._conclude(closing, training.frame.spread / training.frame.unit)

    def _conclude(self, closing: Closing, spread: float) -> None:
        self.labels_ = closing.labels
        self.objective_ = closing.objective
        self.collapsed_ = is_collapsed(closing, self.cluster_centers_, spread)
        if self.collapsed_:
            warnings.warn(
                f"the {self.n_clusters} segments are not told apart (partition coefficient"
                f" {closing.partition_coefficient:.2f}): take a smaller m, fewer features or"
                " another n_clusters",
                CollapseWarning,
                stacklevel=4,
            )

    def _plan(self, training: Training, is_given: bool) -> Plan:
        shift = self.tol * training.frame.spread if self.tol > 0 else None
        return Plan(
            clusters=self.n_clusters,
            rule=self._rule(training.frame.unit),
            until=Until(shift, self.max_iter),
            starts=self.n_init,
            sample=None if is_given else sample_size(self.sample, len(training.x)),
        )

    def _rule(self, unit: float) -> Rule:
        noise = self.noise_distance
        return Rule(self.m, math.inf if noise is None else (noise * unit) ** 2)

    def _working_type(self, size: int, reach: float) -> str:
        if self.dtype != "auto":
            return str(np.dtype(self.dtype))
        return "float32" if size >= SINGLE_FROM and reach <= SINGLE_REACH else "float64"

    def _closing(self, x: Floats, weights: Floats | None, centres: Floats) -> Closing:
        return closed(x, weights, self._partition(centres))

    def _partition(self, centres: Floats) -> Partition:
        return Partition(centres, self.m, self.noise_distance, self._dtype)

    def _known(self, X: Any) -> Floats:
        return self._checked(X, None, reset=False)[0]

    def _checked(
        self, X: Any, sample_weight: Any, *, reset: bool
    ) -> tuple[Floats, NDArray[np.float64] | None]:
        """Floats as they are, other numbers as float64; finite. No copy if none is needed."""
        if not reset:
            check_is_fitted(self)
        kinds = [np.float64, np.float32]
        x = validate_data(self, X, dtype=kinds, ensure_all_finite=False, reset=reset)
        checked.finite(x)
        if sample_weight is None:
            return x, None
        weights = _check_sample_weight(
            sample_weight, x, dtype=np.float64, allow_all_zero_weights=True
        )
        checked.weights(weights)
        return x, weights


def _weighty(x: Floats, weights: Floats | None) -> tuple[Floats, Floats | None]:
    """Without the rows of weight 0: they must not be seen by a start or a frame."""
    if weights is None or weights.all():
        return x, weights
    return x[weights > 0], weights[weights > 0]


def _streamed(training: Training, sums: Sums, frame: Frame) -> Stream:
    """`frame` is that of the rows themselves; sums are in the training's."""
    weights = training.weights
    return Stream(
        frame=training.frame,
        sums=sums.scaled(1 / training.weight_unit),
        weight=float(len(training.x)) if weights is None else float(weights.sum()),
        mean=frame.origin,
        spread=frame.spread / frame.unit,
    )
