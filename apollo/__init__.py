"""Apollo: GitOps for AWS ECS and Fargate."""

__version__ = "0.1.0"
