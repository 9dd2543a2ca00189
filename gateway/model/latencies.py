"""How long endpoints take to answer, counted in buckets, and what is read off them."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

#: What the buckets end with, in milliseconds, from 0 on; no attempt takes longer than the last.
BOUNDS = (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000)

BUCKETS = len(BOUNDS) - 1


def bucket_of(milliseconds: float) -> int:
    """Return the bucket in which an answer is counted; the last one takes whatever is longer."""
    return min(bisect_left(BOUNDS, milliseconds, 1) - 1, BUCKETS - 1)


def percentile(counts: Sequence[int], share: float) -> float | None:
    """Return the milliseconds that a share of the answers took at most; None when there were none.

    Within a bucket they are taken to be spread evenly.

    Args:
        counts: of each bucket.
        share: between 0 and 1.
    """
    wanted = sum(counts) * share
    before = 0
    for (low, high), count in zip(pairwise(BOUNDS), counts, strict=True):
        if count and before + count >= wanted:
            return round(low + (high - low) * (wanted - before) / count, 1)
        before += count
    return None
