"""Metrics of numbers: how far a predicted number lies from the true one."""
