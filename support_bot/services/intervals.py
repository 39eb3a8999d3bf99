"""How sure a share is: 95 % intervals. Pure arithmetic."""

from __future__ import annotations

import math

_Z = 1.959964  # standard normal quantile of 0.975


def wilson(right: float, n: int) -> tuple[float, float]:
    """The 95 % interval (0..1) of a share of `right` out of `n` (Wilson 1927); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, spread = right / n, _Z * _Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
