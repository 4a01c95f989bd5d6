"""What ends a search from outside: the target reached, the evaluations or the time used up."""

from dataclasses import replace
from math import inf
from time import perf_counter
from typing import Any

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
        self._earlier = 0.0
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
        if criteria.timeout < inf and self._elapsed() >= criteria.timeout:
            self.reasons["timeout"] = StopReason(self._elapsed(), criteria.timeout)

    def limit(self, limits: dict[str, Any]) -> None:
        """Replace ftarget, maxfevals or timeout, and forget the reasons that the old ones gave."""
        self.criteria = replace(self.criteria, **limits)
        self.reasons = {}

    def __getstate__(self) -> dict[str, Any]:
        """A clock that stands still: it means nothing to another process."""
        return vars(self) | {"_began": None, "_earlier": self._elapsed()}

    def _elapsed(self) -> float:
        """Seconds since the first `begin`, without those between saving and loading."""
        return self._earlier + (0.0 if self._began is None else perf_counter() - self._began)
