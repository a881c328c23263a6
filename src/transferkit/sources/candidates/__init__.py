"""Sources for the person who names none: what comes along, what is in the local cache, and a short curated list."""
