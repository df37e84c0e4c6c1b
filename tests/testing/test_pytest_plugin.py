"""The fixtures that come with Apollo, in somebody else's project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALLER = "from botocore.session import Session\nimport os, pytest\n"


def run(folder: Path, test: str, *options: str, **variables: str) -> str:
    (folder / "test_theirs.py").write_text(CALLER + test)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "AWS_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", *options],
        cwd=folder,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_every_sdk_comes_to_the_tests_own_local_aws(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
def test_one(local_aws):
    ecs = Session().create_client("ecs")
    ecs.create_cluster(clusterName="shop")
    assert local_aws.counts() == {"ecs:CreateCluster": 1}
    assert "AWS_PROFILE" not in os.environ and "AWS_ENDPOINT_URL_ECS" not in os.environ

def test_two(local_aws):
    assert Session().create_client("ecs").list_clusters()["clusterArns"] == []

def test_three():
    assert "AWS_ENDPOINT_URL" not in os.environ and os.environ["AWS_PROFILE"] == "work"
""",
        AWS_PROFILE="work",
        AWS_ENDPOINT_URL_ECS="http://127.0.0.1:1",
    )
    assert "3 passed" in said, said


def test_marker_and_options_say_how_it_is_made(tmp_path: Path) -> None:
    test = """
@pytest.mark.local_aws(speed=50)
class TestFast:
    @pytest.mark.local_aws(seed=7, account="111122223333", region="us-east-1")
    def test_marked(self, local_aws):
        assert (local_aws.world.seed, local_aws.clock.speed) == (7, 50)
        sts = Session().create_client("sts")
        assert sts.get_caller_identity()["Account"] == "111122223333"
        assert sts.meta.region_name == "us-east-1"

def test_plain(local_aws, local_aws_shared):
    assert (local_aws.world.seed, local_aws.clock.speed) == (3, 2)
    assert local_aws_shared.world.seed == 3 and local_aws_shared is not local_aws
"""
    said = run(tmp_path, test, "--local-aws-seed=3", "--local-aws-speed=2")
    assert "2 passed" in said, said


@pytest.mark.parametrize(
    ("marker", "told"), [("sped=1", "knows no sped; it takes account, port, region"), ("7", "by name only")]
)
def test_a_wrong_marker_is_told(tmp_path: Path, marker: str, told: str) -> None:
    said = run(tmp_path, f"@pytest.mark.local_aws({marker})\ndef test_it(local_aws): pass\n")
    assert told in said, said


def test_a_failure_shows_the_calls(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
def test_it(local_aws):
    local_aws.client("ecs").list_clusters()
    assert False
""",
    )
    assert "the last calls to the local AWS" in said and "ecs:ListClusters  OK" in said, said


def test_a_project_that_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    program = """
import sys
import pytest
class Look:
    def pytest_sessionfinish(self):
        loaded = {name for name in sys.modules if name.split(".")[0] == "apollo"}
        assert loaded == {"apollo", "apollo.testing", "apollo.testing.pytest_plugin"}, loaded
        heavy = {"botocore", "boto3", "moto", "git"} & set(sys.modules)
        assert not heavy, heavy
        print("nothing heavy")
sys.exit(pytest.main(["-q"], [Look()]))
"""
    (tmp_path / "test_theirs.py").write_text("def test_it(): pass\n")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "nothing heavy" in done.stdout, done.stdout + done.stderr
