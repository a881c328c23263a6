"""Several networks of one shape become one."""
