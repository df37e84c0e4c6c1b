"""The `aws` CLI over every operation that the local AWS has of the services it is about."""

from typing import Any

from apollo.testing.services import registry
from tests.witnesses.conftest import NETWORK, Shell, definition, service

Json = dict[str, Any]
OURS = ("ecs", "elbv2", "application-autoscaling", "resourcegroupstaggingapi", "sts")
FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
SCALED = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/green/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def witness_every_operation(shell: Shell) -> None:
    _load_balancing(shell)
    _clusters(shell)
    _services(shell)
    _deployments(shell)
    _tasks(shell)
    _instances(shell)
    _task_sets(shell)
    _scaling(shell)
    _tagging(shell)
    _identity(shell)
    _deletions(shell)
    there = {(name, operation) for name in OURS for operation in registry()[name].operations}
    assert sorted(there - shell.covered) == []
    assert {r.outcome for r in shell.aws.requests} == {"OK"}


def _load_balancing(shell: Shell) -> None:
    def elb(operation: str, **given: Any) -> Json:
        return shell.call("elbv2", operation, given)

    lb = elb("CreateLoadBalancer", Name="web", Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
    arn = {"LoadBalancerArn": lb["LoadBalancerArn"]}
    assert elb("DescribeLoadBalancers", Names=["web"])["LoadBalancers"][0]["LoadBalancerName"] == "web"
    elb(
        "ModifyLoadBalancerAttributes",
        **arn,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
    )
    assert elb("DescribeLoadBalancerAttributes", **arn)["Attributes"]
    made = elb(
        "CreateTargetGroup",
        Name="web",
        Protocol="HTTP",
        Port=80,
        VpcId="vpc-0123456789abcdef0",
        TargetType="ip",
    )
    group = made["TargetGroups"][0]["TargetGroupArn"]
    elb("ModifyTargetGroup", TargetGroupArn=group, HealthCheckPath="/up")
    elb(
        "ModifyTargetGroupAttributes",
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
    )
    assert elb("DescribeTargetGroupAttributes", TargetGroupArn=group)["Attributes"]
    assert elb("DescribeTargetGroups")["TargetGroups"][0]["HealthCheckPath"] == "/up"
    listener = elb("CreateListener", **arn, Protocol="HTTP", Port=80, DefaultActions=FIXED)["Listeners"][0]
    at = {"ListenerArn": listener["ListenerArn"]}
    elb("ModifyListener", **at, Port=8080)
    elb(
        "ModifyListenerAttributes",
        **at,
        Attributes=[{"Key": "routing.http.response.server.enabled", "Value": "false"}],
    )
    assert elb("DescribeListenerAttributes", **at)["Attributes"]
    assert elb("DescribeListeners", **arn)["Listeners"][0]["Port"] == 8080
    rule = elb(
        "CreateRule",
        **at,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Rules"][0]["RuleArn"]
    elb(
        "ModifyRule",
        RuleArn=rule,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b"]}}],
    )
    elb("SetRulePriorities", RulePriorities=[{"RuleArn": rule, "Priority": 20}])
    assert [r["Priority"] for r in elb("DescribeRules", **at)["Rules"]] == ["20", "default"]
    target = [{"Id": "10.0.0.1", "Port": 80}]
    elb("RegisterTargets", TargetGroupArn=group, Targets=target)
    [health] = elb("DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"]
    assert health["Target"]["Id"] == "10.0.0.1"
    elb("DeregisterTargets", TargetGroupArn=group, Targets=target)
    elb("SetSubnets", **arn, Subnets=["subnet-b", "subnet-c"])
    elb("SetSecurityGroups", **arn, SecurityGroups=["sg-1"])
    elb("SetIpAddressType", **arn, IpAddressType="dualstack")
    assert elb("DescribeAccountLimits")["Limits"]
    names = [f"arn:aws:acm:eu-west-1:123456789012:certificate/{n}" for n in (1, 2)]
    default, more = ([{"CertificateArn": name}] for name in names)
    tls = elb(
        "CreateListener", **arn, Protocol="HTTPS", Port=443, Certificates=default, DefaultActions=FIXED
    )["Listeners"][0]
    secure = {"ListenerArn": tls["ListenerArn"]}
    elb("AddListenerCertificates", **secure, Certificates=more)
    assert len(elb("DescribeListenerCertificates", **secure)["Certificates"]) == 2
    elb("RemoveListenerCertificates", **secure, Certificates=more)
    elb("AddTags", ResourceArns=[group], Tags=[{"Key": "team", "Value": "green"}])
    assert elb("DescribeTags", ResourceArns=[group])["TagDescriptions"][0]["Tags"]
    elb("RemoveTags", ResourceArns=[group], TagKeys=["team"])


def _clusters(shell: Shell) -> None:
    ecs = shell.call
    ecs("ecs", "CreateCluster", {"clusterName": "green"})
    ecs(
        "ecs",
        "UpdateCluster",
        {"cluster": "green", "settings": [{"name": "containerInsights", "value": "enabled"}]},
    )
    ecs("ecs", "UpdateCluster", {"cluster": "green", "serviceConnectDefaults": {"namespace": "local"}})
    assert ecs("ecs", "ListServicesByNamespace", {"namespace": "local"})["serviceArns"] == []
    ecs(
        "ecs",
        "UpdateClusterSettings",
        {"cluster": "green", "settings": [{"name": "containerInsights", "value": "disabled"}]},
    )
    group = {"autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x"}
    ecs("ecs", "CreateCapacityProvider", {"name": "own", "autoScalingGroupProvider": group})
    ecs(
        "ecs",
        "PutClusterCapacityProviders",
        {"cluster": "green", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []},
    )
    assert ecs("ecs", "DescribeClusters", {"clusters": ["green"]})["clusters"][0]["capacityProviders"] == [
        "FARGATE"
    ]
    assert len(ecs("ecs", "ListClusters")["clusterArns"]) == 1
    names = [p["name"] for p in ecs("ecs", "DescribeCapacityProviders")["capacityProviders"]]
    assert names == ["FARGATE", "FARGATE_SPOT", "own"]
    ecs(
        "ecs",
        "UpdateCapacityProvider",
        {"name": "own", "autoScalingGroupProvider": {"managedDraining": "DISABLED"}},
    )
    ecs("ecs", "DeleteCapacityProvider", {"capacityProvider": "own"})
    setting = {"name": "fargateFIPSMode", "value": "enabled"}
    ecs("ecs", "PutAccountSetting", setting)
    ecs("ecs", "PutAccountSettingDefault", setting)
    assert ecs("ecs", "ListAccountSettings")["settings"][0]["value"] == "enabled"
    ecs("ecs", "DeleteAccountSetting", {"name": "fargateFIPSMode"})


def _services(shell: Shell) -> None:
    ecs = shell.call
    for _ in range(3):
        made = ecs("ecs", "RegisterTaskDefinition", definition("web"))["taskDefinition"]
    assert made["revision"] == 3
    assert (
        ecs("ecs", "DescribeTaskDefinition", {"taskDefinition": "web:1"})["taskDefinition"]["status"]
        == "ACTIVE"
    )
    assert len(ecs("ecs", "ListTaskDefinitions", {"familyPrefix": "web"})["taskDefinitionArns"]) == 3
    assert ecs("ecs", "ListTaskDefinitionFamilies")["families"] == ["web"]
    ecs("ecs", "DeregisterTaskDefinition", {"taskDefinition": "web:1"})
    ecs("ecs", "DeleteTaskDefinitions", {"taskDefinitions": ["web:1"]})
    ecs("ecs", "CreateService", service("web", taskDefinition="web:2", enableExecuteCommand=True))
    shell.aws.settle()
    found = ecs("ecs", "DescribeServices", {"cluster": "green", "services": ["web"]})["services"][0]
    assert found["runningCount"] == 2
    arn = found["serviceArn"]
    assert ecs("ecs", "ListServices", {"cluster": "green"})["serviceArns"] == [arn]
    ecs("ecs", "TagResource", {"resourceArn": arn, "tags": [{"key": "team", "value": "green"}]})
    assert ecs("ecs", "ListTagsForResource", {"resourceArn": arn})["tags"] == [
        {"key": "team", "value": "green"}
    ]
    ecs("ecs", "UntagResource", {"resourceArn": arn, "tagKeys": ["team"]})


def _deployments(shell: Shell) -> None:
    ecs = shell.call
    ecs("ecs", "UpdateService", {"cluster": "green", "service": "web", "taskDefinition": "web:3"})
    [first, *_] = ecs("ecs", "ListServiceDeployments", {"cluster": "green", "service": "web"})[
        "serviceDeployments"
    ]
    arn = first["serviceDeploymentArn"]
    [found] = ecs("ecs", "DescribeServiceDeployments", {"serviceDeploymentArns": [arn]})["serviceDeployments"]
    revision = found["targetServiceRevision"]["arn"]
    answer = ecs("ecs", "DescribeServiceRevisions", {"serviceRevisionArns": [revision]})
    assert answer["serviceRevisions"][0]["taskDefinition"].endswith("web:3")
    shell.aws.settle()
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    configuration = {"strategy": "BLUE_GREEN", "lifecycleHooks": [pause], "bakeTimeInMinutes": 0}
    again = {"cluster": "green", "service": "web", "forceNewDeployment": True}
    made = ecs("ecs", "UpdateService", again | {"deploymentConfiguration": configuration})["service"]
    arn = made["currentServiceDeployment"]
    for _ in range(60):
        shell.aws.advance(5)
        shown = {"serviceDeploymentArns": [arn]}
        found = shell.aws.client("ecs").describe_service_deployments(**shown)["serviceDeployments"][0]
        if found.get("lifecycleHookDetails"):
            break
    hook = found["lifecycleHookDetails"][0]["hookId"]
    ecs("ecs", "ContinueServiceDeployment", {"serviceDeploymentArn": arn, "hookId": hook})
    shell.aws.settle()
    rolling = {"strategy": "ROLLING", "lifecycleHooks": []}
    made = ecs("ecs", "UpdateService", again | {"deploymentConfiguration": rolling})["service"]
    ecs("ecs", "StopServiceDeployment", {"serviceDeploymentArn": made["currentServiceDeployment"]})
    shell.aws.settle()


def _tasks(shell: Shell) -> None:
    ecs = shell.call
    fargate = {"launchType": "FARGATE", "networkConfiguration": NETWORK}
    [one] = ecs(
        "ecs",
        "RunTask",
        {"cluster": "green", "taskDefinition": "web", "enableExecuteCommand": True, **fargate},
    )["tasks"]
    shell.aws.settle()
    arns = ecs("ecs", "ListTasks", {"cluster": "green", "serviceName": "web"})["taskArns"]
    protected = {"cluster": "green", "tasks": arns[:1]}
    ecs("ecs", "UpdateTaskProtection", protected | {"protectionEnabled": True, "expiresInMinutes": 5})
    assert ecs("ecs", "GetTaskProtection", protected)["protectedTasks"][0]["protectionEnabled"] is True
    shell.covered.add(("ecs", "ExecuteCommand"))
    shell.run(
        "aws", "ecs", "execute-command", "--cluster", "green", "--task", one["taskArn"], "--container", "app",
        "--interactive", "--command", "sh",
    )  # fmt: skip
    ecs("ecs", "StopTask", {"cluster": "green", "task": one["taskArn"]})
    [stopped] = ecs("ecs", "DescribeTasks", {"cluster": "green", "tasks": [one["taskArn"]]})["tasks"]
    assert stopped["stopCode"] == "UserInitiated"


def _instances(shell: Shell) -> None:
    ecs = shell.call
    arn = ecs("ecs", "RegisterContainerInstance", {"cluster": "green"})["containerInstance"][
        "containerInstanceArn"
    ]
    assert ecs("ecs", "ListContainerInstances", {"cluster": "green"})["containerInstanceArns"] == [arn]
    one = {"cluster": "green", "containerInstances": [arn]}
    assert ecs("ecs", "DescribeContainerInstances", one)["containerInstances"][0]["status"] == "ACTIVE"
    ecs("ecs", "UpdateContainerInstancesState", one | {"status": "DRAINING"})
    ecs("ecs", "UpdateContainerInstancesState", one | {"status": "ACTIVE"})
    given = {"cluster": "green", "attributes": [{"name": "stack", "value": "blue", "targetId": arn}]}
    ecs("ecs", "PutAttributes", given)
    asked = {"cluster": "green", "targetType": "container-instance", "attributeName": "stack"}
    assert ecs("ecs", "ListAttributes", asked)["attributes"][0]["value"] == "blue"
    ecs("ecs", "DeleteAttributes", given)
    containers = [{"name": "app", "image": "agent:1", "memory": 128}]
    ecs("ecs", "RegisterTaskDefinition", {"family": "agent", "containerDefinitions": containers})
    [task] = ecs("ecs", "StartTask", one | {"taskDefinition": "agent"})["tasks"]
    ecs("ecs", "StopTask", {"cluster": "green", "task": task["taskArn"]})
    shell.aws.settle()
    ecs("ecs", "DeregisterContainerInstance", {"cluster": "green", "containerInstance": arn})


def _task_sets(shell: Shell) -> None:
    ecs = shell.call
    given = {"cluster": "green", "serviceName": "outside", "desiredCount": 1}
    ecs("ecs", "CreateService", given | {"deploymentController": {"type": "EXTERNAL"}})
    where = {"cluster": "green", "service": "outside"}
    made = ecs(
        "ecs",
        "CreateTaskSet",
        where | {"taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": NETWORK},
    )["taskSet"]
    one = where | {"taskSet": made["id"]}
    ecs("ecs", "UpdateTaskSet", one | {"scale": {"value": 100, "unit": "PERCENT"}})
    ecs("ecs", "UpdateServicePrimaryTaskSet", where | {"primaryTaskSet": made["id"]})
    assert ecs("ecs", "DescribeTaskSets", where)["taskSets"][0]["status"] == "PRIMARY"
    ecs("ecs", "DeleteTaskSet", one | {"force": True})
    ecs("ecs", "DeleteService", where | {"force": True})


def _scaling(shell: Shell) -> None:
    def scaling(operation: str, **given: Any) -> Json:
        return shell.call("application-autoscaling", operation, given)

    of = {"ServiceNamespace": "ecs"}
    arn = scaling("RegisterScalableTarget", **SCALED, MinCapacity=3, MaxCapacity=4)["ScalableTargetARN"]
    assert scaling("DescribeScalableTargets", **of)["ScalableTargets"][0]["MinCapacity"] == 3
    scaling(
        "PutScalingPolicy",
        **SCALED,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    assert scaling("DescribeScalingPolicies", **of)["ScalingPolicies"][0]["Alarms"]
    night = {"ScheduledActionName": "night"}
    scaling(
        "PutScheduledAction",
        **SCALED,
        **night,
        Schedule="rate(1 day)",
        ScalableTargetAction={"MinCapacity": 1},
    )
    assert scaling("DescribeScheduledActions", **of)["ScheduledActions"][0]["ScheduledActionName"] == "night"
    assert scaling("DescribeScalingActivities", **of)["ScalingActivities"][0]["StatusCode"]
    scaling("TagResource", ResourceARN=arn, Tags={"team": "green"})
    assert scaling("ListTagsForResource", ResourceARN=arn)["Tags"] == {"team": "green"}
    scaling("UntagResource", ResourceARN=arn, TagKeys=["team"])
    scaling("DeleteScheduledAction", **SCALED, **night)
    scaling("DeleteScalingPolicy", **SCALED, PolicyName="cpu")
    scaling("DeregisterScalableTarget", **SCALED)


def _tagging(shell: Shell) -> None:
    def tagging(operation: str, **given: Any) -> Json:
        return shell.call("resourcegroupstaggingapi", operation, given)

    arns = ["arn:aws:ecs:eu-west-1:123456789012:service/green/web"]
    assert tagging("TagResources", ResourceARNList=arns, Tags={"team": "green"})["FailedResourcesMap"] == {}
    assert "team" in tagging("GetTagKeys")["TagKeys"]
    assert tagging("GetTagValues", Key="team")["TagValues"] == ["green"]
    found = tagging("GetResources", TagFilters=[{"Key": "team"}])["ResourceTagMappingList"]
    assert [item["ResourceARN"] for item in found] == arns
    tagging("UntagResources", ResourceARNList=arns, TagKeys=["team"])


def _identity(shell: Shell) -> None:
    assert shell.call("sts", "GetCallerIdentity")["Account"] == "123456789012"
    role = {"RoleArn": "arn:aws:iam::210987654321:role/deploy", "RoleSessionName": "me"}
    assert shell.call("sts", "AssumeRole", role)["Credentials"]["SessionToken"]
    token = {"WebIdentityToken": "header.payload.signature"}
    assert shell.call("sts", "AssumeRoleWithWebIdentity", role | token)["Credentials"]["SessionToken"]
    assert shell.call("sts", "GetSessionToken")["Credentials"]["SessionToken"]
    assert shell.call("sts", "GetFederationToken", {"Name": "somebody"})["Credentials"]["SessionToken"]
    key = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}
    assert shell.call("sts", "GetAccessKeyInfo", key)["Account"] == "123456789012"


def _deletions(shell: Shell) -> None:
    shell.call("ecs", "DeleteService", {"cluster": "green", "service": "web", "force": True})
    shell.aws.settle()
    shell.call("ecs", "DeleteCluster", {"cluster": "green"})
    elb = shell.aws.client("elbv2")
    [lb] = elb.describe_load_balancers()["LoadBalancers"]
    [listener, *_] = elb.describe_listeners(LoadBalancerArn=lb["LoadBalancerArn"])["Listeners"]
    rule, _ = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    [group] = elb.describe_target_groups()["TargetGroups"]
    shell.call("elbv2", "DeleteRule", {"RuleArn": rule["RuleArn"]})
    shell.call("elbv2", "DeleteListener", {"ListenerArn": listener["ListenerArn"]})
    shell.call("elbv2", "DeleteTargetGroup", {"TargetGroupArn": group["TargetGroupArn"]})
    shell.call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": lb["LoadBalancerArn"]})


def witness_pages_of_one(stage: Shell) -> None:
    """The CLI puts pages together by itself."""
    for number in range(3):
        stage.aws.client("ecs").create_cluster(clusterName=f"c{number}")
    out = stage.run("aws", "ecs", "list-clusters", "--page-size", "1", "--query", "length(clusterArns)")
    assert out.strip() == "4"


def witness_an_error_is_told_once(stage: Shell) -> None:
    stage.aws.clear()
    said = stage.run("aws", "ecs", "describe-services", "--cluster", "nope", "--services", "web", fails=True)
    assert "(ClusterNotFoundException)" in said
    said = stage.run("aws", "ecs", "list-daemons", fails=True)
    assert "SimNotImplemented" in said
    assert "ecs:ListDaemons" in said
    assert stage.aws.counts() == {"ecs:DescribeServices": 1, "ecs:ListDaemons": 1}
