"""How well items measure one thing: alpha, its interval, items against the rest, differences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.stats import f as fisher

from services.servqual.domain.statistics.figures import (
    FEW,
    NO_VARIANCE,
    TOO_FEW,
    TOO_FEW_ITEMS,
    WEAK_ALPHA,
    WEAK_DIFFERENCE,
    WEAK_ITEM,
    Floats,
    Interval,
    correlation,
    means,
)

Missing = Literal["listwise", "pairwise"]


@dataclass(frozen=True)
class Reliability:
    """`n` rows entered. Null figures are named in `why`; `item_rest` is null per item."""

    n: int
    alpha: float | None
    feldt_ci95: Interval | None
    std_alpha: float | None
    average_r: float | None
    item_rest: tuple[float | None, ...]
    scale_mean: float | None
    scale_sd: float | None
    flags: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DifferenceReliability:
    """r_D of P - E (Peter, Churchill and Brown 1993)."""

    value: float | None
    why: str | None = None

    @property
    def is_weak(self) -> bool:
        return self.value is not None and self.value < WEAK_DIFFERENCE


def reliability(answers: Floats, missing: Missing = "listwise") -> Reliability:
    """(n, k) answers, NaN for none. A row enters listwise when it is complete, pairwise when it
    has two answers; then covariances are of the pairs, and the interval, which needs one n, is
    null. Cronbach 1951; Feldt 1965.
    """
    known = (~np.isnan(answers)).sum(axis=1)
    k = answers.shape[1]
    rows = answers[known == k] if missing == "listwise" else answers[known >= 2]
    n = len(rows)
    if k < 2:
        return _undefined(n, k, TOO_FEW_ITEMS)
    if n < 2:
        return _undefined(n, k, TOO_FEW)
    covariances = _covariances(rows)
    whole = float(covariances.sum())
    if np.isnan(whole) or not whole > 1e-12 * max(float(np.trace(covariances)), 1e-300):
        return _undefined(n, k, NO_VARIANCE if not np.isnan(whole) else "two items never together")
    alpha = k / (k - 1) * (1 - float(np.trace(covariances)) / whole)
    average_r = _average_r(covariances)
    totals = means(rows)
    item_rest = tuple(_rest(rows, item) for item in range(k))
    why = {} if missing == "listwise" else {"feldt_ci95": "pairwise rows have no single n"}
    if average_r is None:
        why |= dict.fromkeys(("average_r", "std_alpha"), "an item without variance")
    if None in item_rest:
        why["item_rest"] = "an item or the others without variance"
    return Reliability(
        n=n,
        alpha=alpha,
        feldt_ci95=feldt(alpha, n, k) if missing == "listwise" else None,
        std_alpha=None if average_r is None else k * average_r / (1 + (k - 1) * average_r),
        average_r=average_r,
        item_rest=item_rest,
        scale_mean=float(totals.mean()),
        scale_sd=float(totals.std(ddof=1)),
        flags=_flags(n, alpha, item_rest),
        why=why,
    )


def feldt(alpha: float, n: int, k: int) -> Interval:
    """95 % of alpha over n complete rows of k items."""
    below, above = fisher.ppf([0.975, 0.025], n - 1, (n - 1) * (k - 1))
    return 1 - (1 - alpha) * float(below), 1 - (1 - alpha) * float(above)


def difference_score_reliability(perception: Floats, expectation: Floats) -> DifferenceReliability:
    """Of the mean P less the mean E of one dimension, over rows complete in both."""
    complete = ~(np.isnan(perception) | np.isnan(expectation)).any(axis=1)
    p, e = perception[complete], expectation[complete]
    alphas = reliability(p).alpha, reliability(e).alpha
    if alphas[0] is None or alphas[1] is None:
        named = "perception" if alphas[0] is None else "expectation"
        return DifferenceReliability(None, f"alpha of {named} is undefined")
    one, other = p.mean(axis=1), e.mean(axis=1)
    covariance = np.cov(one, other)
    shared = 2 * float(covariance[0, 1])
    whole = float(covariance[0, 0] + covariance[1, 1]) - shared
    if not whole > 0:
        return DifferenceReliability(None, NO_VARIANCE)
    true = float(covariance[0, 0]) * alphas[0] + float(covariance[1, 1]) * alphas[1] - shared
    return DifferenceReliability(true / whole)


def _undefined(n: int, k: int, reason: str) -> Reliability:
    named = ("alpha", "feldt_ci95", "std_alpha", "average_r", "item_rest", "scale_mean", "scale_sd")
    nothing = (None,) * k
    why = dict.fromkeys(named, reason)
    return Reliability(n, None, None, None, None, nothing, None, None, _few(n), why)


def _covariances(rows: Floats) -> Floats:
    """Of each pair of columns over the rows that have both, ddof 1."""
    k = rows.shape[1]
    found = np.full((k, k), np.nan)
    for i in range(k):
        for j in range(i, k):
            both = ~np.isnan(rows[:, i]) & ~np.isnan(rows[:, j])
            if both.sum() >= 2:
                x, y = rows[both, i], rows[both, j]
                found[i, j] = found[j, i] = ((x - x.mean()) * (y - y.mean())).sum() / (len(x) - 1)
    return found


def _average_r(covariances: Floats) -> float | None:
    sd = np.sqrt(np.diag(covariances))
    if (sd == 0).any():
        return None
    r = covariances / np.outer(sd, sd)
    return float(r[~np.eye(len(r), dtype=bool)].mean())


def _rest(rows: Floats, item: int) -> float | None:
    """Against the mean of the others that are answered; of complete rows as their sum."""
    return correlation(rows[:, item], means(np.delete(rows, item, axis=1))).r


def _flags(n: int, alpha: float, item_rest: tuple[float | None, ...]) -> tuple[str, ...]:
    weak = ("alpha",) if alpha < WEAK_ALPHA else ()
    loose = any(each is not None and each < WEAK_ITEM for each in item_rest)
    return (*weak, *(("item_rest",) if loose else ()), *_few(n))


def _few(n: int) -> tuple[str, ...]:
    return ("few",) if n < FEW else ()
