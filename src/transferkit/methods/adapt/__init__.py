"""Domain adaptation: labels in one domain, the need in another."""
