"""Tensors in, tensors out: scores, statistics, splits."""
