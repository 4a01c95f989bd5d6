"""What ends a search from outside: the target reached, the evaluations or the time used up."""

from math import inf
from time import perf_counter

from structured_es.search.criteria import Criteria, StopReason


class Budget:
    """Watches the target, the number of evaluations and the clock.

    Args:
        criteria: of which ftarget, maxfevals and timeout count here.

    Attributes:
        reasons: why to stop, empty while the search may go on.
    """

    def __init__(self, criteria: Criteria) -> None:
        self.criteria = criteria
        self.reasons: dict[str, StopReason] = {}
        self._began: float | None = None
        self.count(0, inf)

    def begin(self) -> None:
        """Start the clock; later calls do nothing."""
        if self._began is None:
            self._began = perf_counter()

    def count(self, nfev: int, best: float) -> None:
        """Take note of the evaluations so far and of the best loss among them."""
        criteria = self.criteria
        if best <= criteria.ftarget:
            self.reasons["ftarget"] = StopReason(best, criteria.ftarget)
        if nfev > criteria.maxfevals - 1:
            self.reasons["maxfevals"] = StopReason(nfev, criteria.maxfevals)
        if self._began is not None and criteria.timeout < inf:
            elapsed = perf_counter() - self._began
            if elapsed >= criteria.timeout:
                self.reasons["timeout"] = StopReason(elapsed, criteria.timeout)
