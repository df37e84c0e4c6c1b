"""What the findings about services, and about every spec mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apollo.cli.explained.entry import Explained

__all__ = ["CODES"]

_DEV = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
_TD = f"{_DEV}task_definition_parameters.html"

CODES: Final[Mapping[str, Explained]] = {
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
    "APO-SVC-001": Explained(
        "launchType and capacityProviderStrategy exclude each other.",
        "Leave one of them out.",
        "CreateService answers: Specifying both a launch type and capacity provider strategy is "
        "not supported.",
        f"{_API}CreateService.html",
        "capacityProviderStrategy: [{capacityProvider: FARGATE, weight: 1}]",
    ),
    "APO-SVC-002": Explained(
        "A service on Fargate says nothing about its network.",
        "Write networkConfiguration.awsvpcConfiguration with subnets and securityGroups.",
        "Each task on Fargate has a network interface of its own, in one of these subnets.",
        f"{_API}AwsVpcConfiguration.html",
        "networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-0a1b], securityGroups: [sg-0a1b]}}",
    ),
    "APO-SVC-003": Explained(
        "Fargate has no instances that a DAEMON could run on.",
        "Write schedulingStrategy: REPLICA.",
        "CreateService refuses it.",
        f"{_API}CreateService.html",
        "schedulingStrategy: REPLICA",
    ),
    "APO-SVC-004": Explained(
        "ECS does not take that name for a service.",
        "Write serviceName with letters, digits, '_' and '-', or rename the manifest.",
        "CreateService refuses it.",
        f"{_API}CreateService.html",
        "serviceName: web-stage",
    ),
    "APO-SVC-005": Explained(
        "A count is negative.",
        "Write 0 to stop every task.",
        "CreateService refuses it.",
        f"{_API}CreateService.html",
        "desiredCount: 0",
    ),
    "APO-SVC-006": Explained(
        "The cluster's ARN is of another region or account than the environment's.",
        "Name the cluster without its ARN, or make another environment.",
        "An environment is one account and one region.",
        f"{_API}CreateService.html",
        "cluster: green",
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
}
