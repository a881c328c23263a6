"""Experiments whose results are kept: an experiment file in, a result file out. Run as `python -m bench`."""
