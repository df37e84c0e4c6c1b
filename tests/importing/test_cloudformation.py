"""CloudFormation templates: functions, references, conditions, scaling."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.importing.model import Imported, Report
from tests.importing.test_files import levels, read

TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Stage: {Type: String, Default: dev}
  Count: {Type: Number, Default: 2}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
  Password: {Type: String, NoEcho: true, Default: hunter2canary}
Mappings:
  Sizes: {dev: {Cpu: '256'}, prod: {Cpu: '1024'}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  Other: !Not [!Condition IsProd]
Resources:
  Cluster: {Type: 'AWS::ECS::Cluster'}
  Group: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup'}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub 'web-${Stage}'
      Cpu: !FindInMap [Sizes, !Ref Stage, Cpu]
      Memory: 512
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: !GetAtt Role.Arn
      Volumes:
        - Name: data
          EFSVolumeConfiguration: {FilesystemId: fs-1, AuthorizationConfig: {IAM: ENABLED}}
      ContainerDefinitions:
        - Name: app
          Image: !Join ['', [!Ref 'AWS::AccountId', .dkr.ecr., !Ref 'AWS::Region', .amazonaws.com/web]]
          Memory: !If [IsProd, 400, !Ref 'AWS::NoValue']
          PortMappings: [{ContainerPort: '80'}]
          Environment:
            - {Name: PASSWORD, Value: !Ref Password}
            - {Name: LITERAL, Value: !Sub '${!NotOurs}'}
          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: web}}
  Web:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: web
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Task
      DesiredCount: !Ref Count
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: !Ref Subnets}}
      LoadBalancers: [{TargetGroupArn: !Ref Group, ContainerName: app, ContainerPort: 80}]
      PlacementStrategies: []
  Hidden:
    Type: AWS::ECS::Service
    Condition: IsProd
    Properties: {TaskDefinition: !Ref Task}
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Condition: Other
    Properties:
      ListenerArn: !ImportValue
        'Fn::Sub': '${Stage}-Listener'
      Priority: '5'
      Conditions: [{Field: path-pattern, Values: ['/*']}]
      Actions: [{Type: forward, TargetGroupArn: !Ref Group}]
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: ecs
      ScalableDimension: ecs:service:DesiredCount
      ResourceId: !Sub 'service/${Cluster}/${Web.Name}'
      MinCapacity: 1
      MaxCapacity: 4
      ScheduledActions:
        - {ScheduledActionName: night, Schedule: cron(0 22 * * ? *), ScalableTargetAction: {MinCapacity: 1}}
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: cpu
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 60
        PredefinedMetricSpecification: {PredefinedMetricType: ECSServiceAverageCPUUtilization}
"""


@pytest.fixture
def whole() -> tuple[dict[str, Imported], Report]:
    return read({"t.yaml": TEMPLATE})


def test_each_resource_becomes_a_manifest_that_names_the_others(whole: Any) -> None:
    found, report = whole
    assert not report.refused
    assert {key: one.origin for key, one in found.items()} == {
        "TaskDefinition/Task": "t.yaml, Task",
        "Service/web": "t.yaml, Web",
        "ListenerRule/Rule": "t.yaml, Rule",
        "ScalingPolicy/web": "t.yaml, Target",
    }
    assert found["Service/web"].spec == {
        "taskDefinition": "Task",
        "desiredCount": "${{ var.Count }}",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": "${{ var.Subnets }}"}},
        "loadBalancers": [
            {"targetGroupArn": "${{ var.Group }}", "containerName": "app", "containerPort": 80}
        ],
        "placementStrategy": [],
    }


def test_functions_are_worked_out_as_far_as_the_template_tells(whole: Any) -> None:
    found, report = whole
    assert found["TaskDefinition/Task"].spec == {
        "family": "web-${{ var.Stage }}",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "${{ var.Role_Arn }}",
        "volumes": [
            {
                "name": "data",
                "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED"}},
            }
        ],
        "containerDefinitions": [
            {
                "name": "app",
                "image": "${{ env.account }}.dkr.ecr.${{ env.region }}.amazonaws.com/web",
                "portMappings": [{"containerPort": 80}],
                "environment": [
                    {"name": "PASSWORD", "value": "${{ var.Password }}"},
                    {"name": "LITERAL", "value": "${NotOurs}"},
                ],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web"}},
            }
        ],
    }
    defaults = {name: one.default for name, one in report.variables.items()}
    assert defaults["Count"] == 2
    assert defaults["Stage"] == "dev"
    assert defaults["Password"] is None
    assert report.needs == {"account", "region"}


def test_scaling_is_one_manifest_with_its_policies_and_schedules(whole: Any) -> None:
    found, _ = whole
    spec = found["ScalingPolicy/web"].spec
    assert (spec["service"], spec["minCapacity"], spec["maxCapacity"]) == ("web", 1, 4)
    assert [policy["name"] for policy in spec["policies"]] == ["cpu"]
    assert spec["policies"][0]["targetTrackingScalingPolicyConfiguration"]["targetValue"] == 60
    assert spec["scheduledActions"][0]["name"] == "night"


def test_conditions_follow_what_the_command_line_says() -> None:
    found, report = read({"t.yaml": TEMPLATE}, given={"Stage": "prod"})
    assert "Service/Hidden" in found
    assert "ListenerRule/Rule" not in found
    assert found["TaskDefinition/Task"].spec["cpu"] == "1024"
    assert found["TaskDefinition/Task"].spec["containerDefinitions"][0]["memory"] == 400
    assert not any("default of the parameter" in what for what in levels(report, "asks"))


def test_a_condition_that_nobody_can_tell_is_refused_with_the_remedy() -> None:
    text = TEMPLATE.replace("Stage: {Type: String, Default: dev}", "Stage: {Type: String}")
    found, report = read({"t.yaml": text})
    refused = [note for note in report.notes if note.level == "refused"]
    assert {note.code for note in refused} == {"APO-IMP-006", "APO-IMP-004"}
    assert any(note.hint == "say what it is: --var Stage=VALUE" for note in refused)
    assert "Service/web" not in found  # it runs the task definition that was refused


def test_what_is_not_ours_is_counted(whole: Any) -> None:
    _, report = whole
    expected = "not Apollo's: 1 AWS::ECS::Cluster, 1 AWS::ElasticLoadBalancingV2::TargetGroup"
    assert expected in levels(report, "dropped")


def test_templates_in_json_are_the_same() -> None:
    resources = {
        "T": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "web",
                "ContainerDefinitions": [{"Name": "app", "Image": {"Ref": "Image"}, "Cpu": "10"}],
            },
        }
    }
    found, _ = read({"t.json": {"Resources": resources}})
    assert found["TaskDefinition/web"].spec == {
        "containerDefinitions": [{"name": "app", "image": "${{ var.Image }}", "cpu": 10}]
    }


def test_circles_and_odd_functions_end_in_a_remark() -> None:
    text = """
Conditions:
  A: !Condition B
  B: !Condition A
Resources:
  S:
    Type: AWS::ECS::Service
    Properties:
      DesiredCount: !If [A, 1, 2]
      LaunchType: !Join ['', {Ref: X}]
      Role: !Select [9, [a]]
      Cluster: !GetAtt
      SchedulingStrategy: !Transform {Name: x}
  T:
    Type: AWS::ECS::TaskDefinition
    Properties: !Ref X
  U: 7
  V: {Type: AWS::ApplicationAutoScaling::ScalableTarget}
"""
    _, report = read({"t.yaml": text})
    assert report.refused
