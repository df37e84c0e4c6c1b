"""Whether what a manifest names is there: reads that the preflight checks of several kinds share.

Nothing here is needed to plan or to apply. Every read is batched as far as AWS lets it be, and every loader
names the IAM action it needs, so that a missing permission is told as a check that could not be made.
"""
