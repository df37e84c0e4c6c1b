"""AWS's own input shapes as models, one module per kind; import only the one that is needed."""

BOTOCORE = "1.44.5"
"""The botocore that was read."""
