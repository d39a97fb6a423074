"""The constants of a model, kept with each score. Those of on time and loss follow the trade; the
rest is our judgement.
"""

from dataclasses import dataclass
from typing import Literal

from services.servqual.domain.instrument import items

DIMENSIONS = tuple(items.DIMENSIONS)
Basis = Literal["perception", "gap"]


@dataclass(frozen=True)
class Metric:
    """A share seen by telemetry; floor is worth 0 points, target 100. A target below the floor:
    less is better.
    """

    name: str
    dimension: str
    floor: float
    target: float

    def __post_init__(self) -> None:
        if self.floor == self.target:
            raise ValueError(f"{self.name}: floor and target are both {self.floor}")

    @property
    def midpoint(self) -> float:
        """The prior where no other provider has a trial."""
        return (self.floor + self.target) / 2


METRICS = (
    Metric("on_time", "REL", 0.80, 0.98),
    Metric("otif", "REL", 0.75, 0.97),
    Metric("loss_damage", "REL", 0.020, 0.002),
    Metric("first_attempt", "REL", 0.75, 0.95),
    Metric("first_response", "RES", 0.50, 0.95),
    Metric("resolution", "RES", 0.50, 0.95),
    Metric("customs_first_pass", "ASS", 0.60, 0.95),
    Metric("claims_in_term", "ASS", 0.60, 0.95),
    Metric("option_fulfilled", "EMP", 0.70, 0.98),
    Metric("exception_notified", "EMP", 0.30, 0.90),
    Metric("scan_compliance", "TAN", 0.80, 0.99),
    Metric("label_audit", "TAN", 0.80, 0.99),
)


@dataclass(frozen=True)
class Model:
    """Tuples of five are in the order of DIMENSIONS; variances are in points^2 of 0 to 100."""

    version: str = "sq-1"
    basis: Basis = "perception"

    half_life_days: float = 180.0
    organisation_most: float = 3.0  # fresh responses that one organisation may weigh

    default_mu: float = 70.0
    default_tau2: float = 56.25
    default_sigma2: float = 336.0
    tau2_floor: float = 9.0
    least_providers: int = 5  # to estimate mu, tau2 and sigma2

    kappa: float = 20.0
    rate_limits: tuple[float, float] = (0.01, 0.99)
    metrics: tuple[Metric, ...] = METRICS

    delta2: float = 25.0
    telemetry_caps: tuple[float, ...] = (0.80, 0.70, 0.50, 0.30, 0.50)
    disagreement_sds: float = 2.0

    weights: tuple[float, ...] = (32.0, 22.0, 19.0, 16.0, 11.0)
    halo: float = 1.3
    bootstrap_organisations: int = 100  # from here on the halo is measured
    bootstrap_replicates: int = 200
    bootstrap_seed: int = 1
    z95: float = 1.959963984540054
    z90: float = 1.2815515655446004  # one-sided

    survey_grades: tuple[float, float] = (10.0, 50.0)  # n_eff: below is low, below is medium
    telemetry_grades: tuple[float, float] = (30.0, 200.0)  # decayed on-time trials
    sufficient_n_eff: float = 3.0
    sufficient_trials: float = 10.0

    @property
    def points_per_unit(self) -> float:
        """Of the basis: a gap of -3 to 1 is shown as 0 to 100."""
        return 25.0 if self.basis == "gap" else 1.0

    def metric(self, name: str) -> int:
        """Its column. Raises KeyError."""
        for column, each in enumerate(self.metrics):
            if each.name == name:
                return column
        raise KeyError(name)


SQ_1 = Model()
