"""Discrepancies: how far apart are two samples? Tensors in, one scalar out, with its exact gradient where there is one."""
