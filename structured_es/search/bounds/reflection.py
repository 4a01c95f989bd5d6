"""Mirrors at the ends of intervals: the part of a fold that every way of folding shares."""

import numpy as np

from structured_es.structures.arrays import FloatArray


def reflect(free: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Mirror values at the ends of their intervals until they are inside.

    Args:
        free: any values; those inside do not change.
        low: lower ends, -inf for open, of a shape that broadcasts.
        high: upper ends, inf for open, low <= high.

    Returns:
        The values in [low, high] up to rounding; `low` where an interval is a point.
    """
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        period = 2.0 * (high - low)
        phase = np.mod(free - low, period)
        twofold = low + np.minimum(phase, period - phase)
        onefold = np.where(free < low, 2.0 * low - free, free)
        onefold = np.where(onefold > high, 2.0 * high - onefold, onefold)
    inside = np.where(np.isfinite(period), twofold, onefold)
    inside = np.where(period > 0.0, inside, low)
    return np.where((free < low) | (free > high), inside, free)
