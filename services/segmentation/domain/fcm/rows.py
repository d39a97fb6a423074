"""The rows of a fit, cut into chunks, chunks into blocks: the unit that engines share out."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from services.segmentation.domain.fcm.frame import CHUNK, Floats, Frame
from services.segmentation.domain.fcm.sweep import Chunk

BLOCK = 16 * CHUNK


class Rows:
    """Kept: one copy in the working type, feature-major. Else chunks are cast at each sweep."""

    def __init__(
        self, x: Floats, weights: Floats | None, frame: Frame, dtype: Any, *, kept: bool
    ) -> None:
        self.count, self.width = x.shape
        self.blocks = -(-self.count // BLOCK)
        self._x, self._frame, self._dtype = x, frame, np.dtype(dtype)
        self._weights = None if weights is None else weights.astype(self._dtype)
        self._floor = float(np.finfo(self._dtype).eps ** 2 * self.width * frame.spread**2)
        self._kept = [list(self._cast(block)) for block in range(self.blocks)] if kept else None

    def block(self, block: int) -> Iterator[Chunk]:
        """A chunk is valid until the next is asked for."""
        if self._kept is not None:
            return iter(self._kept[block])
        buffer = np.empty((self.width + 2, min(CHUNK, self.count)), self._dtype)
        return self._cast(block, buffer)

    def _cast(self, block: int, buffer: Floats | None = None) -> Iterator[Chunk]:
        for start in range(block * BLOCK, min(block * BLOCK + BLOCK, self.count), CHUNK):
            rows = slice(start, min(start + CHUNK, self.count))
            size = rows.stop - rows.start
            features = (
                np.empty((self.width + 2, size), self._dtype)
                if buffer is None
                else buffer[:, :size]
            )
            self._frame.fill(features, self._x[rows])
            weights = None if self._weights is None else self._weights[rows]
            yield Chunk(features, weights, self._floor)
