"""Density ratios: how much more often items like this one occur in the target than in the source. Pure functions."""
