"""Metrics of texts against what should have been written."""
