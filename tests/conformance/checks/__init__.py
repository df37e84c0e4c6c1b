"""The checks, one file per area."""
