"""What the local AWS does not do yet: checks that fail, and why. At most two in a hundred."""

KNOWN: dict[str, str] = {
    "ecs.task.run.no-instances": (
        "As long as nobody says how many container instances a cluster has, tasks on EC2 find a place."
    ),
}
