"""How many segments, how fuzzy: every count tried on the same rows, the best of the stable ones."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from services.segmentation.domain.fcm import FuzzyCMeans
from services.segmentation.domain.indices import Indices, validity
from services.segmentation.domain.stability import (
    DISSOLVES,
    Structure,
    quietly,
    stability,
    structure,
)
from services.segmentation.domain.subjects import squared_distances

Floats = NDArray[np.float64]
Progress = Callable[[float], None]
Why = Literal["collapsed", "small_segment", "unstable"]
FUZZIFIERS = (2.0, 1.5, 1.25)
LEAST_SHARE, LEAST_STABILITY = 0.03, 0.8
ROWS = 5_000  # of more rows a seeded sample of so many
_TABLE = 0.6  # of the way; the rest is for the structure


@dataclass(frozen=True)
class Search:
    """Several counts of clusters are a question; one is taken as it is. `m` None is chosen."""

    clusters: tuple[int, ...]
    m: float | None
    seed: int

    @property
    def is_open(self) -> bool:
        return len(self.clusters) > 1


@dataclass(frozen=True)
class Candidate:
    """`stability` (0 to 1) and `found_again` (of each segment) of a collapsed one are not asked."""

    clusters: int
    m: float
    centres: Floats
    indices: Indices
    smallest_share: float
    stability: float | None = None
    found_again: tuple[float, ...] = ()
    refused: tuple[Why, ...] = ()
    mean_rank: float | None = None  # among those not refused

    def found_again_at(self, centres: Floats) -> list[float]:
        """Of the segments at other centres (c, d), each as the nearest of these."""
        if not self.found_again:
            return []
        rows, columns = linear_sum_assignment(squared_distances(centres, self.centres))
        again = dict(zip(rows.tolist(), columns.tolist(), strict=True))
        return [self.found_again[again[at]] for at in range(len(centres))]


@dataclass(frozen=True)
class Selection:
    """`chosen` None: no stable segments. `rows` is how many it was made on."""

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    structure: Structure | None
    rows: int
    is_open: bool

    @property
    def kind(self) -> Literal["groups", "continuum"] | None:
        """None where it was not tested."""
        if self.structure is None:
            return None
        return "groups" if self.structure.is_grouped else "continuum"

    def told(self) -> dict[str, Any]:
        """As JSON: the table, and why it was chosen."""
        rows = []
        for each in self.candidates:
            row = asdict(each)
            del row["centres"]
            row["dissolves"] = sum(share < DISSOLVES for share in each.found_again)
            rows.append(row)
        return {
            "chosen": None if self.chosen is None else self.chosen.clusters,
            "chosen_by": "platform" if self.is_open else "merchant",
            "reason": self.reason(),
            "rows": self.rows,
            "structure": None if self.structure is None else asdict(self.structure),
            "candidates": rows,
        }

    def reason(self) -> str:
        admissible = [each for each in self.candidates if not each.refused]
        refused = Counter(why for each in self.candidates for why in each.refused)
        counts = ", ".join(f"{count} {_SAID[why]}" for why, count in sorted(refused.items()))
        if not self.is_open:
            return f"asked for{'; ' + counts.removeprefix('1 ') if counts else ''}"
        if self.chosen is None:
            return f"no stable segments: of {len(self.candidates)} tried, {counts or 'none fits'}"
        rank = f"mean rank {self.chosen.mean_rank:.2f} of {len(admissible)} admissible"
        return f"{self.chosen.clusters} segments: best {rank}{'; ' + counts if counts else ''}"


_SAID: dict[Why, str] = {
    "collapsed": "collapsed",
    "small_segment": "with a segment below 3 %",
    "unstable": "not found again in resamples",
}


def select(x: Floats, search: Search, say: Progress) -> Selection:
    """Rows x (n, coordinates). Raises ValueError where the one count asked is more than distinct
    rows.
    """
    rows = sampled(x, search.seed)
    found = ranked(_tried(rows, search, lambda share: say(_TABLE * share)))
    chosen = best(found) if search.is_open else found[0]
    kind = None
    if chosen is not None:
        kind = structure(
            rows, chosen.centres, chosen.m, search.seed, lambda s: say(_TABLE + (1 - _TABLE) * s)
        )
    return Selection(found, chosen, kind, len(rows), search.is_open)


def sampled(x: Floats, seed: int) -> Floats:
    if len(x) <= ROWS:
        return x
    return x[np.sort(np.random.default_rng(seed).choice(len(x), ROWS, replace=False))]


def fuzzifier(rows: int, width: int) -> float:
    """Where to start m: of 2, 1.5 and 1.25 the nearest to Schwaemmle & Jensen (Bioinformatics 26,
    2010, 2841), clipped to [1.25, 2].
    """
    n, d = float(rows), float(width)
    power = -0.0406 * math.log(n) - 0.1134
    m = 1 + (1418 / n + 22.05) * d**-2 + (12.33 / n + 0.243) * d**power
    held = min(2.0, max(1.25, m))
    return min(FUZZIFIERS, key=lambda each: abs(each - held))


def _tried(x: Floats, search: Search, say: Progress) -> list[Candidate]:
    """All at one m, for XB compares at equal m only. While all collapse, the next smaller m."""
    counts = search.clusters
    if search.is_open:
        distinct = len(np.unique(x, axis=0))
        counts = tuple(count for count in counts if count <= distinct)
    start = fuzzifier(*x.shape)
    smaller = [m for m in FUZZIFIERS if m <= start]
    found: list[Candidate] = []
    for m in smaller if search.m is None else [search.m]:
        found = []
        for number, clusters in enumerate(counts):
            found.append(_candidate(x, clusters, m, search.seed, _part(say, number, len(counts))))
        if not all("collapsed" in each.refused for each in found):
            break
    return found


def _part(say: Progress, number: int, of: int) -> Progress:
    return lambda share: say((number + share) / of)


def _candidate(x: Floats, clusters: int, m: float, seed: int, say: Progress) -> Candidate:
    model = quietly(FuzzyCMeans(clusters, m=m, random_state=seed), x)
    found = Candidate(
        clusters=clusters,
        m=m,
        centres=model.cluster_centers_,
        indices=validity(x, model.cluster_centers_, m, seed=seed),
        smallest_share=float(model.mass_.min() / model.mass_.sum()),
    )
    if model.collapsed_:
        say(1.0)
        return replace(found, refused=("collapsed",))
    kept = stability(x, found.centres, m, seed, say)
    refused: list[Why] = []
    if found.smallest_share < LEAST_SHARE:
        refused.append("small_segment")
    if kept.agreement < LEAST_STABILITY:
        refused.append("unstable")
    return replace(
        found, stability=kept.agreement, found_again=kept.segments, refused=tuple(refused)
    )


def ranked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """With the mean rank of XB, fuzzy silhouette and stability among those not refused."""
    admissible = [each for each in candidates if not each.refused]
    if not admissible:
        return tuple(candidates)
    worse = [
        [_or_worst(each.indices["xb"], 1) for each in admissible],
        [_or_worst(each.indices["fuzzy_silhouette"], -1) for each in admissible],
        [_or_worst(each.stability, -1) for each in admissible],
    ]
    means = iter(rankdata(np.array(worse), axis=1).mean(axis=0).tolist())
    return tuple(
        each if each.refused else replace(each, mean_rank=next(means)) for each in candidates
    )


def _or_worst(value: float | None, sign: int) -> float:
    return math.inf if value is None else sign * value


def best(candidates: Sequence[Candidate]) -> Candidate | None:
    """The smallest mean rank; of equal ones the fewest clusters."""
    known = [(each.mean_rank, each.clusters, each) for each in candidates if each.mean_rank]
    return min(known, key=lambda each: each[:2])[2] if known else None
