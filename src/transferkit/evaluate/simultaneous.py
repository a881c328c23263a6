"""At which level each of several arms is proven, so that trying many does not make one look good by chance.

`transfer`: the chosen arm is picked on validation before the seal is opened: it is the primary claim, one hypothesis named
in advance, and keeps the full level. The other proven arms are secondary and share another error of the same size between
them (Bonferroni): each of the two families is wrong with at most the nominal probability. `compare`: the person named the
arms, none stands out, and all claims share one error, so that all intervals hold at once.

Bonferroni and not Holm, because a verdict is read off an interval: intervals that agree with Holm's tests say no more
than "beyond 0" about whatever Holm rejects and Bonferroni does not (Strassburger & Bretz 2008).
"""

from __future__ import annotations


def secondary_level(n_secondary: int, level: float = 0.95) -> float:
    """The level of each of `n_secondary` intervals that hold simultaneously at `level`.

    >>> round(secondary_level(5), 6)
    0.99
    """
    if n_secondary < 1:
        raise ValueError(f"there is no level for {n_secondary} secondary arms")
    return 1 - (1 - level) / n_secondary
