"""Mappings: f from the feature space of one network or table to that of another, learned from pairs, class means or
neither."""
