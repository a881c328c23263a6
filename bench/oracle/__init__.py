"""The oracle: what fine-tuning truly gives for every source on every target, computed once and kept as a table."""
