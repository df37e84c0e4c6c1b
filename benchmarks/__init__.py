"""What Apollo costs: counts, and ratios to a reference that runs in the same job.

``python -m benchmarks [NAME…] [--json] [--tiny]``
"""
