"""The command line: one file per group of verbs; all terminal rendering lives here."""
