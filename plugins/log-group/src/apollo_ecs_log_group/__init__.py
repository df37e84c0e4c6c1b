"""The kind LogGroup."""
