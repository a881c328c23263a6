"""Metrics of tags: any number of them an item, none included."""
