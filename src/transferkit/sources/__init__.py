"""Where knowledge comes from: one file per kind of source."""
