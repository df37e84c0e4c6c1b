"""Rules of the task definition."""

from __future__ import annotations

from typing import Any

from tests.compare.cases import Case, Data, filled

C = "/containerDefinitions/*/"
A = "/containerDefinitions/app/"
V = "/volumes/*/"
EFS = "/volumes/data/efsVolumeConfiguration/"


def container(**fields: Any) -> Data:
    return {"family": "web", "containerDefinitions": [{"name": "app", "image": "web:1", **fields}]}


def task(**fields: Any) -> Data:
    return {**container(), **fields}


def ports(*mappings: Data, **fields: Any) -> Data:
    return {**container(portMappings=list(mappings)), **fields}


def linux(**fields: Any) -> Data:
    return container(linuxParameters=fields)


def health(**fields: Any) -> Data:
    return container(healthCheck={"command": ["CMD", "true"], **fields})


def volume(**fields: Any) -> Data:
    return task(volumes=[{"name": "data", **fields}])


def efs(**fields: Any) -> Data:
    return volume(efsVolumeConfiguration={"fileSystemId": "fs-1", **fields})


def pairs(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "value": name.lower()} for name in names]


def secrets(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "valueFrom": f"arn:{name}"} for name in names]


def limits(*names: str, soft: int = 1) -> list[Data]:
    return [{"name": name, "softLimit": soft, "hardLimit": 2} for name in names]


AWSVPC = {"networkMode": "awsvpc"}
FARGATE = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc"}
SIDECAR = {"name": "log", "image": "log:1"}

CASES: list[Case] = [
    (
        "/containerDefinitions",
        task(containerDefinitions=[{"name": "app", "image": "web:1"}, SIDECAR]),
        task(containerDefinitions=[SIDECAR, {"name": "app", "image": "web:1"}]),
        task(containerDefinitions=[SIDECAR, {"name": "app", "image": "web:2"}]),
        A + "image",
    ),
    filled(C + "cpu", container, 0, 10, at=A + "cpu"),
    filled(C + "disableNetworking", container, False, True, at=A + "disableNetworking"),
    (
        C + "dependsOn",
        container(
            dependsOn=[
                {"containerName": "a", "condition": "START"},
                {"containerName": "b", "condition": "START"},
            ]
        ),
        container(
            dependsOn=[
                {"containerName": "b", "condition": "START"},
                {"containerName": "a", "condition": "START"},
            ]
        ),
        container(
            dependsOn=[
                {"containerName": "b", "condition": "START"},
                {"containerName": "a", "condition": "HEALTHY"},
            ]
        ),
        A + "dependsOn/a/condition",
    ),
    (
        C + "dockerSecurityOptions",
        container(dockerSecurityOptions=["a", "b"]),
        container(dockerSecurityOptions=["b", "a"]),
        container(dockerSecurityOptions=["b"]),
        A + "dockerSecurityOptions",
    ),
    (
        C + "environment",
        container(environment=pairs("A", "B")),
        container(environment=pairs("B", "A")),
        container(environment=[{"name": "B", "value": "x"}, {"name": "A", "value": "a"}]),
        A + "environment/B/value",
    ),
    filled(C + "essential", container, True, False, at=A + "essential"),
    (
        C + "extraHosts",
        container(extraHosts=[{"hostname": "a", "ipAddress": "1"}, {"hostname": "a", "ipAddress": "2"}]),
        container(extraHosts=[{"hostname": "a", "ipAddress": "2"}, {"hostname": "a", "ipAddress": "1"}]),
        container(extraHosts=[{"hostname": "a", "ipAddress": "2"}, {"hostname": "b", "ipAddress": "1"}]),
        A + "extraHosts",
    ),
    filled(C + "healthCheck/interval", health, 30, 5, at=A + "healthCheck/interval"),
    filled(C + "healthCheck/retries", health, 3, 5, at=A + "healthCheck/retries"),
    (
        C + "healthCheck/startPeriod",
        health(startPeriod=0),
        health(),
        health(startPeriod=9),
        A + "healthCheck/startPeriod",
    ),
    (C + "healthCheck/timeout", health(timeout=5), health(), health(timeout=6), A + "healthCheck/timeout"),
    filled(C + "interactive", container, False, True, at=A + "interactive"),
    (
        C + "links",
        container(links=["b", "a"]),
        container(links=["a", "b"]),
        container(links=["a", "c"]),
        A + "links",
    ),
    (
        C + "linuxParameters/capabilities/add",
        linux(capabilities={"drop": ["ALL"]}),
        linux(capabilities={"drop": ["ALL"], "add": []}),
        linux(capabilities={"drop": ["ALL"], "add": ["KILL"]}),
        A + "linuxParameters/capabilities/add",
    ),
    (
        C + "linuxParameters/capabilities/drop",
        linux(capabilities={"drop": ["A", "B"]}),
        linux(capabilities={"drop": ["B", "A"]}),
        linux(capabilities={"drop": ["A"]}),
        A + "linuxParameters/capabilities/drop",
    ),
    (
        C + "linuxParameters/devices",
        linux(devices=[{"hostPath": "/a"}, {"hostPath": "/b"}]),
        linux(devices=[{"hostPath": "/b"}, {"hostPath": "/a"}]),
        linux(devices=[{"hostPath": "/b"}]),
        A + "linuxParameters/devices",
    ),
    (
        C + "linuxParameters/devices/*/permissions",
        linux(devices=[{"hostPath": "/a", "permissions": ["read", "write"]}]),
        linux(devices=[{"hostPath": "/a", "permissions": ["write", "read"]}]),
        linux(devices=[{"hostPath": "/a", "permissions": ["read"]}]),
        A + "linuxParameters/devices",
    ),
    filled(C + "linuxParameters/initProcessEnabled", linux, False, True, at=A + "linuxParameters"),
    filled(C + "linuxParameters/swappiness", linux, 60, 5, at=A + "linuxParameters/swappiness", maxSwap=10),
    (
        C + "linuxParameters/tmpfs",
        linux(tmpfs=[{"containerPath": "/a", "size": 1}, {"containerPath": "/b", "size": 1}]),
        linux(tmpfs=[{"containerPath": "/b", "size": 1}, {"containerPath": "/a", "size": 1}]),
        linux(tmpfs=[{"containerPath": "/b", "size": 2}, {"containerPath": "/a", "size": 1}]),
        A + "linuxParameters/tmpfs/~1b/size",
    ),
    (
        C + "logConfiguration/secretOptions",
        container(logConfiguration={"logDriver": "splunk", "secretOptions": secrets("a", "b")}),
        container(logConfiguration={"logDriver": "splunk", "secretOptions": secrets("b", "a")}),
        container(logConfiguration={"logDriver": "splunk", "secretOptions": secrets("b")}),
        A + "logConfiguration/secretOptions/a",
    ),
    (
        C + "mountPoints",
        container(
            mountPoints=[
                {"sourceVolume": "v", "containerPath": "/a"},
                {"sourceVolume": "w", "containerPath": "/b"},
            ]
        ),
        container(
            mountPoints=[
                {"sourceVolume": "w", "containerPath": "/b"},
                {"sourceVolume": "v", "containerPath": "/a"},
            ]
        ),
        container(
            mountPoints=[
                {"sourceVolume": "v", "containerPath": "/b"},
                {"sourceVolume": "v", "containerPath": "/a"},
            ]
        ),
        A + "mountPoints/~1b/sourceVolume",
    ),
    (
        C + "mountPoints/*/readOnly",
        container(mountPoints=[{"sourceVolume": "v", "containerPath": "/a"}]),
        container(mountPoints=[{"sourceVolume": "v", "containerPath": "/a", "readOnly": False}]),
        container(mountPoints=[{"sourceVolume": "v", "containerPath": "/a", "readOnly": True}]),
        A + "mountPoints/~1a/readOnly",
    ),
    (
        C + "portMappings",
        ports({"containerPort": 8080}, {"containerPort": 80}, {"containerPort": 53, "protocol": "udp"}),
        ports({"containerPort": 53, "protocol": "udp"}, {"containerPort": 80}, {"containerPort": 8080}),
        ports({"containerPort": 53, "protocol": "tcp"}, {"containerPort": 80}, {"containerPort": 8080}),
        A + "portMappings/53-udp",
    ),
    (
        C + "portMappings/*/hostPort",
        ports({"containerPort": 80}, **AWSVPC),
        ports({"containerPort": 80, "hostPort": 80}, **AWSVPC),
        ports({"containerPort": 80, "hostPort": 81}, **AWSVPC),
        A + "portMappings/80/hostPort",
    ),
    (
        C + "portMappings/*/hostPort",
        ports({"containerPort": 80}),
        ports({"containerPort": 80, "hostPort": 0}),
        ports({"containerPort": 80, "hostPort": 80}),
        A + "portMappings/80/hostPort",
    ),
    (
        C + "portMappings/*/protocol",
        ports({"containerPort": 80}),
        ports({"containerPort": 80, "protocol": "tcp"}),
        ports({"containerPort": 80, "protocol": "udp"}),
        A + "portMappings/80",
    ),
    filled(C + "privileged", container, False, True, at=A + "privileged"),
    filled(C + "pseudoTerminal", container, False, True, at=A + "pseudoTerminal"),
    (
        C + "readonlyRootFilesystem",
        container(readonlyRootFilesystem=False),
        container(),
        container(readonlyRootFilesystem=True),
        A + "readonlyRootFilesystem",
    ),
    (
        C + "resourceRequirements",
        container(
            resourceRequirements=[
                {"type": "GPU", "value": "1"},
                {"type": "InferenceAccelerator", "value": "d"},
            ]
        ),
        container(
            resourceRequirements=[
                {"type": "InferenceAccelerator", "value": "d"},
                {"type": "GPU", "value": "1"},
            ]
        ),
        container(
            resourceRequirements=[
                {"type": "InferenceAccelerator", "value": "d"},
                {"type": "GPU", "value": "2"},
            ]
        ),
        A + "resourceRequirements",
    ),
    (
        C + "restartPolicy/ignoredExitCodes",
        container(restartPolicy={"enabled": True, "ignoredExitCodes": [1, 0]}),
        container(restartPolicy={"enabled": True, "ignoredExitCodes": [0, 1]}),
        container(restartPolicy={"enabled": True, "ignoredExitCodes": [0]}),
        A + "restartPolicy/ignoredExitCodes",
    ),
    (
        C + "restartPolicy/restartAttemptPeriod",
        container(restartPolicy={"enabled": True}),
        container(restartPolicy={"enabled": True, "restartAttemptPeriod": 300}),
        container(restartPolicy={"enabled": True, "restartAttemptPeriod": 60}),
        A + "restartPolicy/restartAttemptPeriod",
    ),
    (
        C + "secrets",
        container(secrets=secrets("A", "B")),
        container(secrets=secrets("B", "A")),
        container(secrets=[{"name": "A", "valueFrom": "arn:other"}, *secrets("B")]),
        A + "secrets/A/valueFrom",
    ),
    (
        C + "systemControls",
        container(systemControls=[{"namespace": "a", "value": "1"}, {"namespace": "b", "value": "1"}]),
        container(systemControls=[{"namespace": "b", "value": "1"}, {"namespace": "a", "value": "1"}]),
        container(systemControls=[{"namespace": "b", "value": "1"}, {"namespace": "a", "value": "2"}]),
        A + "systemControls/a/value",
    ),
    (
        C + "ulimits",
        container(ulimits=limits("core", "cpu")),
        container(ulimits=limits("cpu", "core")),
        container(ulimits=limits("cpu") + limits("core", soft=2)),
        A + "ulimits/core/softLimit",
    ),
    filled(C + "versionConsistency", container, "enabled", "disabled", at=A + "versionConsistency"),
    (
        C + "volumesFrom",
        container(volumesFrom=[{"sourceContainer": "b"}, {"sourceContainer": "a"}]),
        container(volumesFrom=[{"sourceContainer": "a"}, {"sourceContainer": "b"}]),
        container(volumesFrom=[{"sourceContainer": "a"}]),
        A + "volumesFrom/b",
    ),
    (
        C + "volumesFrom/*/readOnly",
        container(volumesFrom=[{"sourceContainer": "a"}]),
        container(volumesFrom=[{"sourceContainer": "a", "readOnly": False}]),
        container(volumesFrom=[{"sourceContainer": "a", "readOnly": True}]),
        A + "volumesFrom/a/readOnly",
    ),
    ("/cpu", task(cpu=".25 vCPU"), task(cpu="256"), task(cpu="512"), "/cpu"),
    ("/cpu", task(cpu="1vcpu"), task(cpu="1024"), task(cpu="1"), "/cpu"),
    filled("/enableFaultInjection", task, False, True),
    (
        "/inferenceAccelerators",
        task(
            inferenceAccelerators=[
                {"deviceName": "a", "deviceType": "t"},
                {"deviceName": "b", "deviceType": "t"},
            ]
        ),
        task(
            inferenceAccelerators=[
                {"deviceName": "b", "deviceType": "t"},
                {"deviceName": "a", "deviceType": "t"},
            ]
        ),
        task(
            inferenceAccelerators=[
                {"deviceName": "b", "deviceType": "u"},
                {"deviceName": "a", "deviceType": "t"},
            ]
        ),
        "/inferenceAccelerators/b/deviceType",
    ),
    ("/memory", task(memory="0.5 GB"), task(memory="512"), task(memory="513"), "/memory"),
    filled("/networkMode", task, "bridge", "host"),
    (
        "/placementConstraints",
        task(
            placementConstraints=[
                {"type": "memberOf", "expression": "a"},
                {"type": "memberOf", "expression": "b"},
            ]
        ),
        task(
            placementConstraints=[
                {"type": "memberOf", "expression": "b"},
                {"type": "memberOf", "expression": "a"},
            ]
        ),
        task(placementConstraints=[{"type": "memberOf", "expression": "b"}]),
        "/placementConstraints",
    ),
    (
        "/proxyConfiguration/properties",
        task(proxyConfiguration={"containerName": "e", "properties": pairs("A", "B")}),
        task(proxyConfiguration={"containerName": "e", "properties": pairs("B", "A")}),
        task(proxyConfiguration={"containerName": "e", "properties": pairs("B")}),
        "/proxyConfiguration/properties/A",
    ),
    (
        "/proxyConfiguration/type",
        task(proxyConfiguration={"containerName": "e"}),
        task(proxyConfiguration={"containerName": "e", "type": "APPMESH"}),
        task(proxyConfiguration={"containerName": "e", "type": "OTHER"}),
        "/proxyConfiguration/type",
    ),
    (
        "/requiresCompatibilities",
        task(requiresCompatibilities=["FARGATE", "EC2"]),
        task(requiresCompatibilities=["EC2", "FARGATE"]),
        task(requiresCompatibilities=["EC2"]),
        "/requiresCompatibilities",
    ),
    (
        "/runtimePlatform/cpuArchitecture",
        task(**FARGATE),
        task(runtimePlatform={"cpuArchitecture": "X86_64"}, **FARGATE),
        task(runtimePlatform={"cpuArchitecture": "ARM64"}, **FARGATE),
        "/runtimePlatform",
    ),
    (
        "/runtimePlatform/operatingSystemFamily",
        task(runtimePlatform={"operatingSystemFamily": "LINUX"}, **FARGATE),
        task(**FARGATE),
        task(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, **FARGATE),
        "/runtimePlatform/operatingSystemFamily",
    ),
    (
        "/volumes",
        task(volumes=[{"name": "a"}, {"name": "b", "host": {"sourcePath": "/b"}}]),
        task(volumes=[{"name": "b", "host": {"sourcePath": "/b"}}, {"name": "a", "host": {}}]),
        task(volumes=[{"name": "b", "host": {"sourcePath": "/c"}}, {"name": "a", "host": {}}]),
        "/volumes/b/host/sourcePath",
    ),
    filled(V + "configuredAtLaunch", volume, False, True, at="/volumes/data/configuredAtLaunch"),
    *(
        (
            f"{V}dockerVolumeConfiguration/{name}",
            volume(dockerVolumeConfiguration={"labels": {"a": "b"}}),
            volume(dockerVolumeConfiguration={"labels": {"a": "b"}, name: filled}),
            volume(dockerVolumeConfiguration={"labels": {"a": "c"}, name: filled}),
            "/volumes/data/dockerVolumeConfiguration/labels/a",
        )
        for name, filled in (("autoprovision", False), ("driver", "local"), ("scope", "task"))
    ),
    *(
        (
            f"{V}dockerVolumeConfiguration/{name}",
            volume(dockerVolumeConfiguration={name: mine}),
            volume(dockerVolumeConfiguration={name: mine}),
            volume(dockerVolumeConfiguration={name: other}),
            f"/volumes/data/dockerVolumeConfiguration/{name}",
        )
        for name, mine, other in (
            ("autoprovision", True, False),
            ("driver", "a", "b"),
            ("scope", "task", "shared"),
        )
    ),
    (
        V + "efsVolumeConfiguration/authorizationConfig/iam",
        efs(),
        efs(authorizationConfig={"iam": "DISABLED"}),
        efs(authorizationConfig={"iam": "ENABLED"}),
        EFS + "authorizationConfig",
    ),
    filled(V + "efsVolumeConfiguration/rootDirectory", efs, "/", "/x", at=EFS + "rootDirectory"),
    filled(
        V + "efsVolumeConfiguration/transitEncryption",
        efs,
        "DISABLED",
        "ENABLED",
        at=EFS + "transitEncryption",
    ),
]
