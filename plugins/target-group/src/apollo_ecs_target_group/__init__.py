"""The kind TargetGroup."""
