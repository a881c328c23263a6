"""Which sources and methods, in what order, within a budget."""
