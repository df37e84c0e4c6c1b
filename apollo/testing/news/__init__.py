"""What ECS tells the rest of AWS: events for EventBridge, lines for CloudWatch Logs."""
