"""Losses that a network's outputs in two domains are trained by: batches in, one scalar with its gradient out."""
