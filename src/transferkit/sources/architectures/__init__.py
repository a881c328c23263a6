"""Networks by name, rebuilt without their weights: one file an architecture."""
