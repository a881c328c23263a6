"""Read a person's data: one file per format; and the feature cache."""
