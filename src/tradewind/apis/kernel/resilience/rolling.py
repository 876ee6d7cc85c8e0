"""Counts what happened in the last seconds, in one ring of buckets that the breaker, the retry budget and the
statistics share.
"""

from __future__ import annotations

from array import array

SAMPLES = 256  # latencies kept per bucket, a power of two: the newest
PERCENTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 1.0)


class Bucket:
    """One slice of the time. `fires` are calls that came, whatever became of them."""

    __slots__ = ("failures", "fires", "rejects", "retries", "shed", "successes", "timed", "timeouts", "times")

    def __init__(self) -> None:
        self.times = array("d", bytes(8 * SAMPLES))
        self.clear()

    def clear(self) -> None:
        self.fires = self.successes = self.failures = self.timeouts = self.rejects = self.shed = (
            self.retries
        ) = self.timed = 0

    def took(self, ms: float) -> None:
        self.times[self.timed & (SAMPLES - 1)] = ms
        self.timed += 1


class Rolling:
    """The last `span_s` seconds in `count` buckets. Time never goes back here: an earlier one counts for the
    present bucket.
    """

    __slots__ = ("_buckets", "_current", "_slot", "_width", "span_s")

    def __init__(self, span_s: float = 10.0, count: int = 10) -> None:
        self.span_s = span_s
        self._width = span_s / count
        self._buckets = [Bucket() for _ in range(count)]
        self._slot = 0
        self._current = self._buckets[0]

    def at(self, now: float) -> Bucket:
        """The bucket of this time, to count in."""
        slot = int(now / self._width)
        if slot > self._slot:
            self._turn(slot)
        return self._current

    def _turn(self, slot: int) -> None:
        count = len(self._buckets)
        for passed in range(max(self._slot + 1, slot - count + 1), slot + 1):
            self._buckets[passed % count].clear()
        self._slot = slot
        self._current = self._buckets[slot % count]

    def calls(self, now: float) -> tuple[int, int, int]:
        """How many calls went through to the service, how many failed, how many attempts were repeated
        ones.
        """
        self.at(now)
        fires = failures = retries = 0
        for bucket in self._buckets:
            fires += bucket.fires - bucket.rejects - bucket.shed
            failures += bucket.failures
            retries += bucket.retries
        return fires, failures, retries

    def totals(self, now: float) -> dict[str, int]:
        """All counts, under the names that opossum has for them."""
        self.at(now)
        buckets = self._buckets
        return {
            "failures": sum(bucket.failures for bucket in buckets),
            "fallbacks": 0,
            "successes": sum(bucket.successes for bucket in buckets),
            "rejects": sum(bucket.rejects for bucket in buckets),
            "fires": sum(bucket.fires for bucket in buckets),
            "timeouts": sum(bucket.timeouts for bucket in buckets),
            "cacheHits": 0,
            "cacheMisses": 0,
            "coalesceCacheHits": 0,
            "coalesceCacheMisses": 0,
            "semaphoreRejections": sum(bucket.shed for bucket in buckets),
            "retries": sum(bucket.retries for bucket in buckets),
        }

    def latencies(self, now: float) -> tuple[float, dict[str, float]]:
        """The mean, and opossum's percentiles, in ms, of the calls that are still known one by one."""
        self.at(now)
        known = sorted(ms for bucket in self._buckets for ms in bucket.times[: min(bucket.timed, SAMPLES)])
        if not known:
            return 0.0, {f"{part:g}": 0.0 for part in PERCENTILES}
        # the index is opossum's: ceil(part * n) - 1
        found = {f"{part:g}": known[max(-int(-part * len(known) // 1) - 1, 0)] for part in PERCENTILES}
        return sum(known) / len(known), found
