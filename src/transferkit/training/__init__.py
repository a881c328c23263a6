"""The one loop, its stages, the frozen pass, the fitted network."""
