"""Trees: decision trees as plain arrays, and what the target's labels make of the source's."""
