"""Who sweeps: one thread or several. The bits of a sum depend on neither."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cache, reduce
from operator import add

import joblib  # type: ignore[import-untyped]
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from services.segmentation.domain.fcm.frame import Floats
from services.segmentation.domain.fcm.rows import Rows
from services.segmentation.domain.fcm.sweep import Rule, Sums, partial_sums

SERIAL_BELOW = 500_000  # rows


class Engine:
    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool

    def sweep(self, rows: Rows, centres: Floats, rule: Rule) -> Sums:
        """Chunks are added in order inside a block, blocks by a fixed binary tree."""

        def block_sums(block: int) -> Sums:
            return reduce(add, (partial_sums(chunk, centres, rule) for chunk in rows.block(block)))

        share_out = map if self._pool is None else self._pool.map
        return tree_sum(list(share_out(block_sums, range(rows.blocks))))


def tree_sum(sums: list[Sums]) -> Sums:
    """Neighbours by pairs, then the pairs by pairs."""
    while len(sums) > 1:
        odd = sums[len(sums) & ~1 :]
        sums = [a + b for a, b in zip(sums[::2], sums[1::2], strict=False)] + odd
    return sums[0]


@contextmanager
def running(engine: str, rows: int) -> Iterator[Engine]:
    """Raises ValueError for an engine that is unknown or not installed."""
    if engine == "dask":
        raise ValueError('engine="dask" is not part of this installation: use "threads"')
    if engine not in ("auto", "serial", "threads"):
        raise ValueError(f'engine={engine!r}: one of "auto", "serial", "threads"')
    workers = joblib.cpu_count(only_physical_cores=True)
    alone = engine == "serial" or (engine == "auto" and (rows < SERIAL_BELOW or workers == 1))
    pool = nullcontext() if alone else ThreadPoolExecutor(workers)
    with one_blas_thread(), pool as executor:
        yield Engine(executor)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """The products are small: a second BLAS thread costs more than it gives."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
