"""All ratings of 1,000 providers from 1,000,000 responses and telemetry, on one core; and one."""

import multiprocessing
import resource
import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.measure import in_turn, tell
from services.servqual.domain.evidence.sums import Responses, Sums, joined, moved, summed
from services.servqual.domain.evidence.weights import Floats, Ints
from services.servqual.domain.ranking.offers import Anchors, Criterion, Estimate, Offer
from services.servqual.domain.ranking.order import rank
from services.servqual.domain.scoring import answers
from services.servqual.domain.scoring.model import SQ_1
from services.servqual.domain.scoring.rating import Constants, Ratings, rate, rate_all
from services.servqual.domain.scoring.telemetry import Counts, Priors, Tally, decayed, tally

PROVIDERS, RESPONSES, ORGANISATIONS, LANES, FACTS = 1_000, 1_000_000, 40_000, 60, 500_000
TODAY, ROUNDS = 1_000.0, 3


@dataclass(frozen=True)
class Columns:
    """int8 answers, int32 keys, float64 days: as they lie in memory once they are loaded."""

    answers: answers.Answers
    provider: Ints
    organisation: Ints
    day: Floats
    counts: Counts
    counted_on: Floats


def made() -> Columns:
    """Short forms: 12 of 22 answered. Each provider hears from about a thousand organisations."""
    rng = np.random.default_rng(1)
    given = rng.integers(1, 8, (RESPONSES, 22), dtype=np.int8)
    given[rng.random((RESPONSES, 22), dtype=np.float32) < 10 / 22] = 0
    trials = rng.integers(1, 40, FACTS).astype(np.float64)
    metric = rng.integers(0, len(SQ_1.metrics), FACTS, dtype=np.int32)
    rate_of = np.where(metric == SQ_1.metric("loss_damage"), 0.01, 0.9)
    return Columns(
        answers=given,
        provider=rng.integers(0, PROVIDERS, RESPONSES, dtype=np.int32),
        organisation=rng.integers(0, ORGANISATIONS, RESPONSES, dtype=np.int32),
        day=rng.uniform(TODAY - 730, TODAY, RESPONSES),
        counts=Counts(
            provider=rng.integers(0, PROVIDERS, FACTS, dtype=np.int32),
            lane=rng.integers(0, LANES, FACTS, dtype=np.int32),
            metric=metric,
            successes=rng.binomial(trials.astype(np.int64), rate_of).astype(np.float64),
            trials=trials,
        ),
        counted_on=rng.uniform(TODAY - 730, TODAY, FACTS),
    )


def sums_of(columns: Columns) -> Sums:
    return summed(
        Responses(
            columns.provider,
            columns.organisation,
            columns.day,
            np.ones(len(columns.day)),
            answers.points(answers.perception(columns.answers)),
        ),
        TODAY,
        SQ_1.half_life_days,
    )


def full_run(columns: Columns) -> Ratings:
    counts = decayed(columns.counts, columns.counted_on, TODAY, SQ_1.half_life_days)
    return rate_all(sums_of(columns), counts, PROVIDERS, SQ_1)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def full_s(columns: Columns) -> float:
    """CPU time of all threads: what it takes on one core."""
    began = time.process_time()
    full_run(columns)
    return time.process_time() - began


class One:
    """A provider's stored sums of yesterday, one new response, the constants of the full run."""

    def __init__(self, columns: Columns) -> None:
        full, sums = full_run(columns), sums_of(columns)
        rows = sums.provider == 0
        self.stored = Sums(
            TODAY, *(getattr(sums, name)[rows] for name in list(Sums.__dataclass_fields__)[1:])
        )
        whole, priors = tally(columns.counts, PROVIDERS, SQ_1), full.constants.priors
        self.tally = Tally(whole.successes[:1], whole.trials[:1])
        known = Priors(priors.mix[:1], priors.lane, priors.is_default[:1])
        self.known = Constants(full.constants.population, known)
        self.answers = columns.answers[:1]

    def response_ms(self) -> float:
        began = time.perf_counter()
        zero = np.zeros(1, np.int64)
        scores = answers.points(answers.perception(self.answers))
        new = summed(
            Responses(zero, zero + 7, np.array([TODAY + 1]), np.ones(1), scores),
            TODAY + 1,
            SQ_1.half_life_days,
        )
        sums = joined(moved(self.stored, TODAY + 1, SQ_1.half_life_days), new)
        rate(sums, self.tally, self.known, SQ_1)
        return 1_000 * (time.perf_counter() - began)


def ranking_ms() -> float:
    anchors = {
        Criterion.COST: Anchors(30.0, 10.0),
        Criterion.ON_TIME: Anchors(0.7, 0.99),
        Criterion.RATING: Anchors(40.0, 90.0),
        Criterion.DAMAGE: Anchors(0.02, 0.001),
    }
    offers = [
        Offer(
            f"offer-{number}",
            {
                Criterion.COST: Estimate(12.0 + number / 4),
                Criterion.ON_TIME: Estimate(0.75 + number / 250, 0.03),
                Criterion.RATING: Estimate(50.0 + number % 30, 4.0),
                Criterion.DAMAGE: Estimate(0.002 + number / 5_000, 0.001),
            },
        )
        for number in range(50)
    ]
    began = time.perf_counter()
    rank(offers, anchors)
    return 1_000 * (time.perf_counter() - began)


def memory_mb(told: "multiprocessing.Queue[float]") -> None:
    """Child: a full run alone, the columns included."""
    full_run(made())
    told.put(peak_mb())


def alone_mb() -> float:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    child = context.Process(target=memory_mb, args=(told,))
    child.start()
    found = float(told.get())
    child.join()
    return found


def main() -> None:
    peak = alone_mb()
    with threadpool_limits(1):  # BLAS threads that wait for one another cost more than they do
        measure(peak)


def measure(peak: float) -> None:
    columns = made()
    one = One(columns)
    one.response_ms()  # the bootstrap's draws are made once in a process
    found = in_turn(
        {"full": lambda: full_s(columns), "one": one.response_ms, "ranking": ranking_ms}, ROUNDS
    )
    tell(
        "ratings",
        {
            "1,000 providers of 1,000,000 responses s (goal 3)": found["full"],
            "peak MB with the columns (goal 600)": peak,
            "one response ms (goal 5)": found["one"],
            "ranking of 50 offers ms (goal 5)": found["ranking"],
        },
    )


if __name__ == "__main__":
    main()
