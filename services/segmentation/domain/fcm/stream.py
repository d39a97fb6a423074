"""Sums over a stream of chunks, the older ones forgotten little by little."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np

from services.segmentation.domain.fcm.frame import Floats, Frame
from services.segmentation.domain.fcm.sweep import Sums
from services.segmentation.domain.fcm.warned import OrderedStreamWarning

FAR = 0.5  # s
CHANCE = 3.0  # standard errors: what the mean of a small shuffled chunk may stray


@dataclass(frozen=True, slots=True)
class Stream:
    frame: Frame  # of the first chunk: all sums are in it
    sums: Sums
    weight: float
    mean: Floats  # (d,), in the caller's units
    spread: float  # s of all seen, in the caller's units

    def joined(self, chunk: "Stream", forgetting: float) -> "Stream":
        """Mean and variance by Chan, Golub & LeVeque 1983. Warns of a stream in order."""
        old = self.weight * forgetting
        weight = old + chunk.weight
        apart = chunk.mean - self.mean
        between = old * chunk.weight / weight**2 * float((apart**2).mean())
        within = (old * self.spread**2 + chunk.weight * chunk.spread**2) / weight
        return replace(
            self,
            sums=self.sums.scaled(forgetting) + chunk.sums,
            weight=weight,
            mean=self.mean + apart * (chunk.weight / weight),
            spread=math.sqrt(within + between),
        )

    def warn_of_order(self, chunk: "Stream", rows: int) -> None:
        apart = float(np.sqrt(np.square(chunk.mean - self.mean).sum()))
        stray = CHANCE * math.sqrt(len(self.mean) / rows)
        if apart > max(FAR, stray) * self.spread:
            warnings.warn(
                f"a chunk's mean lies {apart / self.spread:.2g} s from that of the rows before it:"
                " shuffle the stream",
                OrderedStreamWarning,
                stacklevel=3,
            )
