"""The rows of a fit, cut into chunks, chunks into blocks: the unit that engines share out."""

from collections.abc import Iterator
from itertools import repeat
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
        self._kept = [self._stored(block) for block in range(self.blocks)] if kept else None

    def block(self, block: int) -> Iterator[Chunk]:
        """A chunk is valid until the next is asked for."""
        if self._kept is not None:
            return iter(self._kept[block])
        return self._cast(block, repeat(self._room(1)[0]))

    def _stored(self, block: int) -> list[Chunk]:
        """In one piece: the system gives large pieces by large pages."""
        return list(self._cast(block, iter(self._room(len(self._parts(block))))))

    def _room(self, chunks: int) -> Floats:
        return np.empty((chunks, self.width + 2, min(CHUNK, self.count)), self._dtype)

    def _parts(self, block: int) -> range:
        return range(block * BLOCK, min(block * BLOCK + BLOCK, self.count), CHUNK)

    def _cast(self, block: int, rooms: Iterator[Floats]) -> Iterator[Chunk]:
        for start, room in zip(self._parts(block), rooms, strict=False):
            rows = slice(start, min(start + CHUNK, self.count))
            features = room[:, : rows.stop - start]
            self._frame.fill(features, self._x[rows])
            weights = None if self._weights is None else self._weights[rows]
            yield Chunk(features, weights, self._floor)
