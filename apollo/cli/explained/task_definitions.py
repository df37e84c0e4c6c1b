"""What the findings about task definitions mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apollo.cli.explained.entry import Explained

__all__ = ["CODES"]

_DEV = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
_TD = f"{_DEV}task_definition_parameters.html"

CODES: Final[Mapping[str, Explained]] = {
    "APO-TD-001": Explained(
        "A task definition has no container.",
        "Add one to containerDefinitions.",
        "RegisterTaskDefinition answers: Container list cannot be empty.",
        f"{_API}RegisterTaskDefinition.html",
        "containerDefinitions: [{name: app, image: example/web:1.4.2}]",
    ),
    "APO-TD-002": Explained(
        "Containers of one task definition share a name.",
        "Give each a name of its own.",
        "RegisterTaskDefinition refuses it: containers go by their names.",
        f"{_API}ContainerDefinition.html",
    ),
    "APO-TD-003": Explained(
        "No container is essential, so nothing would keep the task running.",
        "Leave out essential: false at the container that the task is there for.",
        "When an essential container ends, the task is stopped; without one nothing says when it is over.",
        f"{_API}ContainerDefinition.html",
        "- {name: app, image: example/web:1.4.2, essential: true}",
    ),
    "APO-TD-004": Explained(
        "Fargate takes the network mode awsvpc only.",
        "Write networkMode: awsvpc.",
        "Each task on Fargate has a network interface of its own.",
        f"{_DEV}fargate-task-networking.html",
        "networkMode: awsvpc",
    ),
    "APO-TD-005": Explained(
        "On Fargate the task as a whole needs cpu and memory.",
        "Add both, beside containerDefinitions.",
        "Fargate sells tasks by their size.",
        f"{_DEV}fargate-tasks-services.html",
        'cpu: "256"\nmemory: "512"',
    ),
    "APO-TD-006": Explained(
        "Fargate has no size with that cpu.",
        "Take one of the values that the message lists.",
        "There are 0.25, 0.5, 1, 2, 4, 8 and 16 vCPU, for Windows 1, 2 and 4.",
        f"{_DEV}fargate-tasks-services.html",
        'cpu: "1024"\nmemory: "2048"',
    ),
    "APO-TD-007": Explained(
        "On Fargate that memory does not go with that cpu.",
        "Take one of the values listed.",
        "RegisterTaskDefinition answers: No Fargate configuration exists for given values.",
        f"{_DEV}fargate-tasks-services.html",
        'cpu: "256"\nmemory: "1024"',
    ),
    "APO-TD-008": Explained(
        "ECS does not take that name for a family.",
        "Write family with letters, digits, '_' and '-', or rename the manifest.",
        "RegisterTaskDefinition answers: Family contains invalid characters.",
        f"{_API}RegisterTaskDefinition.html",
        "family: web-stage",
    ),
    "APO-TD-009": Explained(
        "A cpu or memory of a task that is no size.",
        "Write CPU units or vCPU, and MiB or GB.",
        "RegisterTaskDefinition reads these two texts as numbers with an optional unit.",
        f"{_API}RegisterTaskDefinition.html",
        'cpu: "256"\nmemory: 0.5 GB',
    ),
    "APO-TD-010": Explained(
        "A container without name or image, or with a name that ECS does not take.",
        "Give it both; the name of letters, digits, '_' and '-', up to 255.",
        "RegisterTaskDefinition answers: Container.name contains invalid characters.",
        f"{_API}ContainerDefinition.html",
        "containerDefinitions:\n  - {name: app, image: example/web:1.4.2}",
    ),
    "APO-TD-011": Explained(
        "More than ten containers in one task definition.",
        "Split the task into two services.",
        "Ten is a quota that AWS does not raise.",
        f"{_DEV}service-quotas.html",
    ),
    "APO-TD-012": Explained(
        "A container whose memory nobody says: neither the task, nor the container itself.",
        "Write memory at the task, or memory or memoryReservation at the container.",
        "RegisterTaskDefinition wants at least one of them.",
        f"{_API}ContainerDefinition.html",
        "containerDefinitions:\n  - {name: app, image: example/web:1.4.2, memory: 512}",
    ),
    "APO-TD-013": Explained(
        "A container's memory below 6 MiB, or a reservation above the hard limit.",
        "Let memoryReservation be at most memory.",
        "memory is the hard limit at which a container is killed, and Docker takes no less than 6 MiB.",
        f"{_API}ContainerDefinition.html",
        "memory: 512\nmemoryReservation: 256",
    ),
    "APO-TD-014": Explained(
        "The containers take more cpu or memory than the task has.",
        "Give the task more, or the containers less.",
        "What all containers reserve has to fit into the task.",
        f"{_API}ContainerDefinition.html",
    ),
    "APO-TD-015": Explained(
        "Ephemeral storage, a number of placement constraints, or the whole, outside of its bounds.",
        "Write 21 to 200 GiB, at most 10 constraints, and 64 KiB in all.",
        "Fargate gives 20 GiB without asking. Long configuration goes into environmentFiles or the image.",
        f"{_API}EphemeralStorage.html",
        "ephemeralStorage: {sizeInGiB: 50}",
    ),
    "APO-TD-016": Explained(
        "A container depends on one that does not exist, or containers wait for each other in a circle.",
        "Correct containerName, or take one dependency out.",
        "RegisterTaskDefinition refuses both.",
        f"{_API}ContainerDependency.html",
        "dependsOn: [{containerName: migrate, condition: SUCCESS}]",
    ),
    "APO-TD-017": Explained(
        "A container waits for what cannot come: HEALTHY without a health check, or the end of an "
        "essential "
        "container.",
        "Give the other one a healthCheck, or essential: false.",
        "When an essential container ends, the whole task is stopped, so nobody is left to wait for it.",
        f"{_API}ContainerDependency.html",
        "- {name: migrate, image: example/migrate:7, essential: false}\n"
        "- {name: app, image: example/web:1.4.2, dependsOn: [{containerName: migrate, condition: "
        "SUCCESS}]}",
    ),
    "APO-TD-018": Explained(
        "One name for two variables or secrets of a container.",
        "Keep one of them.",
        "RegisterTaskDefinition answers: The secret name must be unique and not shared with any new or "
        "existing "
        "environment variables. Of two plain variables AWS silently keeps one: a warning.",
        f"{_DEV}specifying-sensitive-data.html",
    ),
    "APO-TD-019": Explained(
        "The proxy is a container that the task does not have (a warning).",
        "Correct proxyConfiguration.containerName, or leave the proxy out.",
        "The traffic of the task would go nowhere.",
        f"{_API}ProxyConfiguration.html",
    ),
    "APO-TD-020": Explained(
        "A health check outside of its bounds, or without a command.",
        "interval is 5 to 300 seconds, timeout 2 to 120, retries 1 to 10, startPeriod 0 to 300.",
        "RegisterTaskDefinition refuses other values.",
        f"{_API}HealthCheck.html",
        'healthCheck: {command: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"], interval: 30}',
    ),
    "APO-TD-021": Explained(
        "A health check that ECS takes and that will not do what it says (a warning).",
        "Begin with CMD and one part each, or with CMD-SHELL and one text.",
        "Docker knows no other first word, and hands only the first text behind CMD-SHELL to the shell.",
        f"{_API}HealthCheck.html",
        'healthCheck: {command: ["CMD", "curl", "-f", "http://localhost/"]}',
    ),
    "APO-TD-022": Explained(
        "A restart policy or a ulimit outside of its bounds.",
        "restartAttemptPeriod is 60 to 1800 seconds; at most 50 exit codes; softLimit at most hardLimit.",
        "RegisterTaskDefinition refuses the first two; the kernel refuses the last, and the container "
        "does not "
        "start (a warning).",
        f"{_API}ContainerRestartPolicy.html",
        "restartPolicy: {enabled: true, restartAttemptPeriod: 300}",
    ),
    "APO-TD-023": Explained(
        "A port mapping that cannot be: no port, one above 65535, or a host port that the network mode "
        "forbids.",
        "Write containerPort alone, or containerPortRange alone.",
        "With awsvpc and host there is one network: the port outside is the port inside.",
        f"{_API}PortMapping.html",
        "portMappings: [{containerPort: 8080}]",
    ),
    "APO-TD-024": Explained(
        "Links or port mappings that do not go with the network mode.",
        "Leave them out; containers of one awsvpc task reach each other at localhost.",
        "RegisterTaskDefinition refuses links with awsvpc and host, and ports with none.",
        f"{_API}PortMapping.html",
    ),
    "APO-TD-025": Explained(
        "A container maps one port twice.",
        "Keep one of the mappings.",
        "RegisterTaskDefinition answers: Container cannot have duplicate port mappings.",
        f"{_API}PortMapping.html",
    ),
    "APO-TD-026": Explained(
        "Two containers take one port of the network that they share (a warning).",
        "Let one of them listen elsewhere.",
        "The second to start fails with: address already in use.",
        f"{_API}PortMapping.html",
    ),
    "APO-TD-027": Explained(
        "A name of a port with letters that ECS does not take, or one that is taken.",
        "Use up to 64 lower-case letters, digits, '_' and '-', each name once in the task.",
        "Service Connect finds a port of the task by this name.",
        f"{_API}PortMapping.html",
        "portMappings: [{name: http, containerPort: 8080}]",
    ),
    "APO-TD-028": Explained(
        "A container mounts a volume, or takes the volumes of a container, that the task does not have.",
        "Declare the volume, or correct sourceVolume or sourceContainer.",
        "RegisterTaskDefinition answers: Unknown volume.",
        f"{_API}MountPoint.html",
        "volumes: [{name: data}]\ncontainerDefinitions:\n  - name: app\n    image: example/web:1.4.2\n"
        "    mountPoints: [{sourceVolume: data, containerPath: /data}]",
    ),
    "APO-TD-029": Explained(
        "A volume without a name of its own, of two kinds at once, or with EFS settings that exclude "
        "each other.",
        "Let each volume be of one kind; an access point or IAM needs transitEncryption: ENABLED.",
        "RegisterTaskDefinition refuses it.",
        f"{_API}Volume.html",
        "volumes:\n  - name: data\n    efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, "
        "transitEncryption: ENABLED}",
    ),
    "APO-TD-030": Explained(
        "A log driver lacks an option that it cannot do without.",
        "Write the options that the message names.",
        "awslogs needs a group and a region, on Fargate a stream prefix, too; splunk needs a URL and a "
        "token.",
        f"{_API}LogConfiguration.html",
        "logConfiguration:\n  logDriver: awslogs\n  options: {awslogs-group: /ecs/web, awslogs-region: "
        "eu-west-1, "
        "awslogs-stream-prefix: web}",
    ),
    "APO-TD-031": Explained(
        "Logs go to FireLens, and no container routes them; or two do.",
        "Give exactly one container a firelensConfiguration.",
        "The driver awsfirelens only hands over to that container.",
        f"{_DEV}using_firelens.html",
        "- name: router\n  image: public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32.2\n"
        "  firelensConfiguration: {type: fluentbit}",
    ),
    "APO-TD-032": Explained(
        "Something that Fargate does not have.",
        "Leave it out, or run the task on EC2.",
        "On Fargate there is no host that belongs to you.",
        f"{_DEV}fargate-tasks-services.html",
    ),
    "APO-TD-033": Explained(
        "The ARN of something that is no role.",
        "Write the role's ARN, or its name.",
        "RegisterTaskDefinition answers: Role is not valid.",
        f"{_TD}#execution_role_arn",
        "executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecution",
    ),
    "APO-TD-034": Explained(
        "The task has no execution role, and needs one.",
        "Write executionRoleArn.",
        "ECS itself fetches secrets, and on Fargate images of ECR and log groups, with that role.",
        f"{_DEV}task_execution_IAM_role.html",
        "executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecution",
    ),
    "APO-TD-035": Explained(
        "The source of a secret is neither a secret nor a parameter.",
        "Write the ARN of a secret, the ARN of a parameter, or the name of a parameter of the same region.",
        "With a wrong form the task is registered and never starts: ResourceInitializationError. "
        "Behind the "
        "name of a secret stand JSON key, version stage and version id, with all three colons.",
        f"{_DEV}secrets-envvar-secrets-manager.html",
        "secrets:\n  - {name: DB_PASSWORD, valueFrom: "
        "'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf:password::'}",
    ),
    "APO-TD-036": Explained(
        "The name of an image with characters that no image has, or longer than 255.",
        "Write the image as docker pull takes it. ECS fills in no $TAG and no <IMAGE1_NAME>.",
        "RegisterTaskDefinition answers: Container.image contains invalid characters.",
        f"{_API}ContainerDefinition.html",
        "image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:${{ var.version }}",
    ),
    "APO-TD-040": Explained(
        "An image by latest, or without a tag, which is the same (a warning, unless "
        "policy.mutableTags says "
        "otherwise).",
        "Name a version, or a digest.",
        "AWS takes it. Git then does not say what runs, a push changes what the next task runs, and a "
        "rollback "
        "brings nothing back.",
        f"{_DEV}deployment-type-ecs.html",
        "image: example/web:1.4.2",
    ),
    "APO-TD-041": Explained(
        "An environment value that looks like a password, a key or a token (a warning, unless "
        "policy.plainSecrets says otherwise).",
        "Keep it in Secrets Manager or Parameter Store, and name it under secrets. Then change it: "
        "whoever can "
        "read git has read it.",
        "AWS takes it, and shows it to everybody who may call DescribeTaskDefinition.",
        f"{_DEV}specifying-sensitive-data.html",
        "secrets: [{name: DB_PASSWORD, valueFrom: /prod/db/password}]",
    ),
}
