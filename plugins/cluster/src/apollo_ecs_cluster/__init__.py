"""The kind Cluster."""
