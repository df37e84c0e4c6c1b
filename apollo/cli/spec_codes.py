"""What the findings about specs mean, why AWS refuses such a spec, and how it is written instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["SPEC_CODES", "Explained"]

_DEV = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_"
_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_AAS = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_"
_TD = f"{_DEV}task_definition_parameters.html"


class Explained(NamedTuple):
    """One code: ``why`` is what AWS, or the agent, does with such a spec; ``source`` says where it "
    "is told."""

    meaning: str
    remedy: str
    why: str = ""
    source: str = ""
    example: str = ""


SPEC_CODES: Final[Mapping[str, Explained]] = {
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
        "Ephemeral storage, or a number of placement constraints, outside of its bounds.",
        "Write 21 to 200 GiB, and at most 10 constraints.",
        "Every task on Fargate has 20 GiB without asking.",
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
        "A container waits for what cannot come: HEALTHY without a health check, or the end of an essential "
        "container.",
        "Give the other one a healthCheck, or essential: false.",
        "When an essential container ends, the whole task is stopped, so nobody is left to wait for it.",
        f"{_API}ContainerDependency.html",
        "- {name: migrate, image: example/migrate:7, essential: false}\n"
        "- {name: app, image: example/web:1.4.2, dependsOn: [{containerName: migrate, condition: SUCCESS}]}",
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
        "With a wrong form the task is registered and never starts: ResourceInitializationError. Behind the "
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
        "An image by latest, or without a tag, which is the same (a warning, unless policy.mutableTags says "
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
    "APO-SVC-010": Explained(
        "Percentages of a deployment that contradict each other, or leave no way to deploy.",
        "Let minimumHealthyPercent be below maximumPercent, and that at least 100.",
        "CreateService answers: Both maximumPercent and minimumHealthyPercent cannot be 100 as this "
        "will block "
        "deployments.",
        f"{_API}DeploymentConfiguration.html",
        "deploymentConfiguration: {minimumHealthyPercent: 100, maximumPercent: 200}",
    ),
    "APO-SVC-011": Explained(
        "Settings of one deployment strategy under another, or outside of their bounds.",
        "stepPercent is 3 to 100, canaryPercent 0.1 to 100, in steps of 0.1; bake times are 0 to 1440 "
        "minutes.",
        "CreateService and UpdateService refuse it.",
        f"{_API}DeploymentConfiguration.html",
        "deploymentConfiguration:\n  strategy: CANARY\n"
        "  canaryConfiguration: {canaryPercent: 5, canaryBakeTimeInMinutes: 10}",
    ),
    "APO-SVC-012": Explained(
        "A circuit breaker, alarms or early success that are incomplete.",
        "Write what the message names.",
        "CreateService and UpdateService refuse it.",
        f"{_API}DeploymentConfiguration.html",
    ),
    "APO-SVC-013": Explained(
        "A lifecycle hook that AWS would refuse.",
        "A function needs hookTargetArn and roleArn, a pause neither; both need lifecycleStages.",
        "There are 10 hooks of each type at most, and no pause while traffic shifts.",
        f"{_API}DeploymentLifecycleHook.html",
        "lifecycleHooks: [{targetType: PAUSE, lifecycleStages: [POST_TEST_TRAFFIC_SHIFT]}]",
    ),
    "APO-SVC-014": Explained(
        "A platform version that is none, or one for tasks that are not on Fargate.",
        "Leave platformVersion out: the newest is taken.",
        "CreateService answers: The platform version must be null when specifying an EC2 launch type.",
        f"{_DEV}platform-fargate.html",
    ),
    "APO-SVC-015": Explained(
        "A capacity provider strategy that contradicts itself.",
        "Name each provider once, one base at most, a weight above 0, and FARGATE only with FARGATE_SPOT.",
        "CreateService refuses it.",
        f"{_API}CapacityProviderStrategyItem.html",
        "capacityProviderStrategy: [{capacityProvider: FARGATE, base: 1, weight: 1}, "
        "{capacityProvider: FARGATE_SPOT, weight: 3}]",
    ),
    "APO-SVC-016": Explained(
        "Too many subnets or security groups, or the one in the place of the other.",
        "At most 16 subnets and 5 security groups.",
        "CreateService refuses it.",
        f"{_API}AwsVpcConfiguration.html",
    ),
    "APO-SVC-017": Explained(
        "Placement of tasks that is incomplete, or has nothing to place them on.",
        "memberOf needs an expression, binpack cpu or memory; Fargate takes no placement at all.",
        "CreateService refuses it.",
        f"{_API}PlacementConstraint.html",
        "placementStrategy: [{type: spread, field: attribute:ecs.availability-zone}]",
    ),
    "APO-SVC-018": Explained(
        "A DAEMON with settings that only a REPLICA has.",
        "Leave out desiredCount, placementStrategy and rebalancing.",
        "CreateService answers: The daemon scheduling strategy does not support a desired count for "
        "services.",
        f"{_API}CreateService.html",
        "schedulingStrategy: DAEMON",
    ),
    "APO-SVC-020": Explained(
        "A load balancer of a service that is incomplete.",
        "Write targetGroupArn, containerName and containerPort.",
        "CreateService refuses it.",
        f"{_API}LoadBalancer.html",
        "loadBalancers: [{targetGroupArn: 'arn:aws:elasticloadbalancing:…', containerName: app, "
        "containerPort: 8080}]",
    ),
    "APO-SVC-021": Explained(
        "A service registry that contradicts itself, or a second one.",
        "Write one registry, with port, or with containerName and containerPort.",
        "CreateService refuses it.",
        f"{_API}ServiceRegistry.html",
    ),
    "APO-SVC-022": Explained(
        "Load balancers without all that a strategy needs to shift traffic.",
        "Give each advancedConfiguration with alternateTargetGroupArn, productionListenerRule and roleArn.",
        "BLUE_GREEN, LINEAR and CANARY move requests from one target group to the other.",
        f"{_API}AdvancedConfiguration.html",
    ),
    "APO-SVC-023": Explained(
        "More than one volume is configured by a service.",
        "Keep one.",
        "ECS attaches one managed volume to a task.",
        f"{_API}ServiceVolumeConfiguration.html",
    ),
    "APO-SVC-024": Explained(
        "Services of Service Connect with one name, or with two aliases.",
        "Give each a discoveryName of its own, and at most one client alias.",
        "CreateService refuses it.",
        f"{_API}ServiceConnectService.html",
    ),
    "APO-SVC-030": Explained(
        "The task definition cannot run where the service wants it to.",
        "Let requiresCompatibilities, networkMode, cpu and memory of the task definition fit Fargate.",
        "CreateService answers: Task definition does not support launch_type FARGATE.",
        f"{_TD}#requires_compatibilities",
        'requiresCompatibilities: [FARGATE]\nnetworkMode: awsvpc\ncpu: "256"\nmemory: "512"',
    ),
    "APO-SVC-031": Explained(
        "The service's network does not go with the task definition's network mode.",
        "With awsvpc write networkConfiguration, else leave it out.",
        "CreateService answers: Network Configuration must be provided when networkMode 'awsvpc' is "
        "specified.",
        f"{_API}NetworkConfiguration.html",
        "networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-0a1b], securityGroups: [sg-0a1b]}}",
    ),
    "APO-SVC-032": Explained(
        "A load balancer or registry names a container, or a port, that the task definition does not have.",
        "Correct containerName or containerPort, or add the port mapping.",
        "CreateService answers: The container does not exist in the task definition.",
        f"{_API}LoadBalancer.html",
    ),
    "APO-SVC-033": Explained(
        "A port goes by a name that no port of the task definition has.",
        "Correct portName, or name the port mapping.",
        "Service Connect and VPC Lattice find the port by its name.",
        f"{_API}ServiceConnectService.html",
        "portMappings: [{name: http, containerPort: 8080}]",
    ),
    "APO-SVC-034": Explained(
        "A volume is configured here and not there: the service and its task definition differ.",
        "Give the volume configuredAtLaunch: true, and the service a volumeConfigurations of its name.",
        "CreateService wants both.",
        f"{_API}ServiceVolumeConfiguration.html",
    ),
    "APO-TAG-001": Explained(
        "Too many tags, or one key twice.",
        "Keep 48; Apollo adds its own two.",
        "AWS takes 50 tags, and each key once.",
        f"{_DEV}ecs-using-tags.html",
    ),
    "APO-TAG-002": Explained(
        "A tag that belongs to AWS (aws:…) or to Apollo (apollo:owner, apollo:hash, apollo:prune).",
        "Use another key; lifecycle.prune sets apollo:prune.",
        "AWS refuses keys that begin with aws:; by the others Apollo knows what is its own.",
        f"{_DEV}ecs-using-tags.html",
    ),
    "APO-TAG-003": Explained(
        "A tag with characters that AWS does not take.",
        "Use letters, digits, spaces and _ . : / = + - @.",
        "AWS refuses the call.",
        f"{_DEV}ecs-using-tags.html",
    ),
    "APO-RULE-008": Explained(
        "A condition without values, or with values in two places.",
        "Write them into the configuration of the field.",
        "CreateRule answers: A condition value must be specified.",
        f"{_ELB}RuleCondition.html",
        "conditions: [{field: path-pattern, pathPatternConfig: {values: [/api/*]}}]",
    ),
    "APO-RULE-009": Explained(
        "More values, or wildcards, than one rule may have.",
        "Make two rules of it, or fewer wildcards.",
        "A rule has at most five values, and five * and ?, in all its conditions together.",
        f"{_ALB}load-balancer-limits.html",
    ),
    "APO-RULE-010": Explained(
        "A value that a condition of this sort cannot have.",
        "Hosts without https://, paths that begin with /, methods in capital letters, addresses as CIDR.",
        "CreateRule refuses the value.",
        f"{_ALB}rule-condition-types.html",
        "conditions: [{field: source-ip, sourceIpConfig: {values: [10.0.0.0/16]}}]",
    ),
    "APO-RULE-011": Explained(
        "A forward action with too many target groups, one of them twice, or a weight outside of 0 to 999.",
        "At most five target groups, each once.",
        "CreateRule refuses it.",
        f"{_ELB}ForwardActionConfig.html",
        "actions: [{type: forward, forwardConfig: {targetGroups: [{targetGroupArn: 'arn:…', weight: 1}]}}]",
    ),
    "APO-RULE-012": Explained(
        "A redirect to itself, or to a port or path that is none.",
        "Change protocol, port, host or path; a path begins with /.",
        "CreateRule answers: The redirect configuration is not valid because it creates a loop.",
        f"{_ELB}RedirectActionConfig.html",
        'actions: [{type: redirect, redirectConfig: {protocol: HTTPS, port: "443", statusCode: HTTP_301}}]',
    ),
    "APO-RULE-013": Explained(
        "A fixed response that no load balancer gives.",
        "statusCode is 2XX, 4XX or 5XX, the body at most 1024 bytes.",
        "CreateRule refuses it.",
        f"{_ELB}FixedResponseActionConfig.html",
        'actions: [{type: fixed-response, fixedResponseConfig: {statusCode: "503", contentType: '
        "text/plain}}]",
    ),
    "APO-SCALE-008": Explained(
        "Steps that overlap, leave a gap, or do not go with the adjustment type.",
        "Let each step begin where the one before it ends; the outermost have no bound.",
        "PutScalingPolicy refuses it.",
        f"{_AAS}StepAdjustment.html",
        "stepAdjustments:\n  - {metricIntervalLowerBound: 0, metricIntervalUpperBound: 20, "
        "scalingAdjustment: 1}\n"
        "  - {metricIntervalLowerBound: 20, scalingAdjustment: 3}",
    ),
    "APO-SCALE-009": Explained(
        "A predictive policy that is incomplete.",
        "Write one metric specification, with a metric pair or with a scaling and a load metric.",
        "PutScalingPolicy refuses it.",
        f"{_AAS}PredictiveScalingPolicyConfiguration.html",
    ),
    "APO-LOAD-044": Explained(
        "A placeholder that somebody, or another tool, was to fill in: <IMAGE1_NAME>, {{ must_env … }}, "
        "$$$REGION$$$, REPLACE_ME (a warning, unless policy.placeholders says otherwise).",
        "Write the value, or ${{ var.NAME }} and the variable in apollo.yaml.",
        "AWS takes the text as it stands, and the task fails when it starts. The shell's $X and ${X} "
        "count only "
        "where no shell reads them: in images, ARNs, names.",
        "",
        "image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:${{ var.version }}",
    ),
}
