"""Metrics: one file each; the folder says what is judged, classes or numbers, and the file's stem is the metric's name."""
