"""Whose rank is in doubt: which candidates are worth another episode.

Returns of the same seeds are added up of what a candidate is worth, what the seed is, and noise:
r_ij = a_i + b_j + e_ij. With every candidate at the first seeds and some at later ones, the seeds'
effects are means of differences, and the noise is what is left. Only whether a candidate is among
the better half matters much, so those are in doubt whose a_i is nearer to the middle than the noise
of a mean.
"""

import numpy as np

from structured_es.structures.arrays import FloatArray

_NEAR = 1.0
"""Standard errors from the middle within which a rank is in doubt (tune)."""


def adjusted(returns: FloatArray) -> FloatArray:
    """Mean returns (m,) of columns of returns (m, k), NaN where a candidate has none.

    Later columns that some candidates have alone are compared with the first column, which all
    have, so that nobody gains by an easy seed.
    """
    if not np.isnan(returns).any():
        return returns.mean(axis=1)
    return np.nanmean(returns - _seeds(returns), axis=1)


def in_doubt(returns: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices of candidates that are worth another episode.

    Args:
        returns: (m, k), NaN where a candidate has no episode.

    Returns:
        Of one column, the middle half: nothing is known of the noise then.
    """
    count, columns = returns.shape
    relative = returns - _seeds(returns)
    worth = np.nanmean(relative, axis=1)
    middle = float(np.median(worth))
    if columns == 1:
        order = np.argsort(worth, kind="stable")
        return np.sort(order[count // 4 : count - count // 4])
    left = relative - worth[:, np.newaxis]
    played = np.count_nonzero(~np.isnan(returns), axis=1)
    freedom = max(1, int(played.sum()) - count - (columns - 1))
    noise = float(np.nansum(left**2)) / freedom
    return np.flatnonzero(np.abs(worth - middle) <= _NEAR * np.sqrt(noise / played))


def _seeds(returns: FloatArray) -> FloatArray:
    """What each seed adds, (k,), next to the first."""
    return np.nanmean(returns - returns[:, :1], axis=0)
