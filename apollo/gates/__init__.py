"""What may stop a plan. One file per gate; a gate looks at a proposal, answers, and has no way to act.

Every gate is pure: the same proposal gets the same verdict in CI, on a laptop and in the operator.
"""
