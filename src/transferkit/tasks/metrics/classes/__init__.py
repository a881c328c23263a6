"""Metrics of classes: how often, how surely and in which order the right one is named."""
