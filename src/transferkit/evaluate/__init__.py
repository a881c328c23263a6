"""Evidence: paired gains, intervals, verdicts. Receives methods as values; does not know them."""
