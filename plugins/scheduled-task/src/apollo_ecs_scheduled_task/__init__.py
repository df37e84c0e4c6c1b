"""The kind ScheduledTask."""
