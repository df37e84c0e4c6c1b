"""What is tagged in services that are not ours is found by the tagging API, as AWS's list of them says."""

from apollo.testing import LocalAws


def test_schedule_groups_are_found_by_their_tags(aws: LocalAws) -> None:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html"""
    scheduler, index = aws.client("scheduler"), aws.client("resourcegroupstaggingapi")
    made = scheduler.create_schedule_group(Name="nightly", Tags=[{"Key": "team", "Value": "green"}])
    scheduler.create_schedule_group(Name="untagged")
    found = index.get_resources(
        ResourceTypeFilters=["scheduler:schedule-group"], TagFilters=[{"Key": "team"}]
    )
    assert found["ResourceTagMappingList"] == [
        {"ResourceARN": made["ScheduleGroupArn"], "Tags": [{"Key": "team", "Value": "green"}]}
    ]
    scheduler.delete_schedule_group(Name="nightly")
    assert index.get_resources(TagFilters=[{"Key": "team"}])["ResourceTagMappingList"] == []
