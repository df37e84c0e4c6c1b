"""The frame: help, unknown commands, exit codes, errors, and what start-up may cost."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from apollo.cli.boundary import State, guarded
from apollo.cli.codes import CODES
from apollo.cli.main import COMMANDS, ELSEWHERE, cli
from apollo.errors import ApolloError, LoadError, Problem
from tests.cli.running import apollo, process

HEAVY = ("boto3", "botocore", "git", "watchfiles", "rich")


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    answer = apollo(*path, "--help")
    assert answer.exit_code == 0, answer.output
    assert "Usage: apollo " + " ".join(path) in answer.stdout
    assert "Example" in answer.stdout
    assert "apollo" in answer.stdout.split("Example")[1]


def test_the_help_lists_every_command_and_the_exit_codes() -> None:
    text = apollo("--help").stdout
    assert all(name in text for name in COMMANDS)
    assert "Exit codes: 0 done" in text


def test_a_mistyped_command_is_an_error_of_the_input_with_a_suggestion() -> None:
    answer = apollo("plna")
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert "Did you mean 'plan'?" in answer.stderr


@pytest.mark.parametrize(("word", "here"), sorted(ELSEWHERE.items()))
def test_a_word_of_another_tool_is_told_what_it_is_called_here(word: str, here: str) -> None:
    assert word not in COMMANDS
    answer = apollo(word)
    assert answer.exit_code == 1
    assert f"there is no command {word!r}. Here it is {here}." in answer.stderr
    named = [part.split()[0] for part in here.split("apollo ")[1:]]
    assert all(name in (*COMMANDS, "COMMAND", "--version") for name in named)


@pytest.mark.parametrize(
    "args", [("plan", "--no-such-option"), ("schema", "a", "b"), ("completion", "tcsh"), ()]
)
def test_usage_errors_never_exit_with_the_code_for_changes(args: tuple[str, ...]) -> None:
    assert apollo(*args).exit_code != 2


@pytest.mark.parametrize("group", [(), ("set",), ("plugins",)], ids=str)
def test_a_group_without_a_command_shows_its_help(group: tuple[str, ...]) -> None:
    answer = apollo(*group)
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert answer.stderr == apollo(*group, "--help").stdout


def test_a_usage_error_is_told_on_one_line() -> None:
    first, *_ = apollo("completion").stderr.splitlines()
    assert first == "error: Missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish"


def test_usage_errors_are_data_for_those_who_asked_for_data() -> None:
    answer = apollo("plugins", "list", "-o", "json", "surplus")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["errors"][0]["code"] == "APO-CLI-001"


def test_version_needs_nothing_but_python() -> None:
    code = (
        "import sys; sys.argv = ['apollo', '--version']; import apollo.__main__ as m; m.main();"
        f"print([n for n in ('click', 'asyncio', 'pydantic', 'attrs', 'yaml', {', '.join(map(repr, HEAVY))})"
        " if n in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = answer.stdout.splitlines()
    assert version.startswith("apollo ")
    assert modules == "[]"


def test_completion_is_light() -> None:
    code = (
        "import sys, os\n"
        "os.environ.update(_APOLLO_COMPLETE='bash_complete', COMP_WORDS='apollo p', COMP_CWORD='1')\n"
        "sys.argv = ['apollo']\n"
        "import apollo.__main__ as m\n"
        "try: m.main()\n"
        "except SystemExit: pass\n"
        "heavy = ('anyio', 'asyncio', 'pydantic', 'yaml', *" + repr(HEAVY) + ")\n"
        "print([n for n in heavy if n in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *found, modules = answer.stdout.splitlines()
    assert found == ["plain,plan", "plain,plugins"]
    assert modules == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    answer = apollo("completion", shell)
    assert answer.exit_code == 0
    assert f"{shell}_complete" in answer.stdout


def test_the_reader_may_leave_early() -> None:
    reader = subprocess.run(
        f"{sys.executable} -m apollo schema | head -n 1; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=True,
    )
    assert reader.stdout.splitlines() == ["{", "0"]
    assert reader.stderr == ""


def raising(error: BaseException) -> object:
    def action() -> None:
        raise error

    return action


def run(error: BaseException, capsys: pytest.CaptureFixture[str], **state: object) -> tuple[int, str, str]:
    told = State()
    told.debug = False
    for name, value in state.items():
        setattr(told, name, value)
    code = guarded(told, raising(error))  # type: ignore[arg-type]
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_an_error_says_what_which_code_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    error = ApolloError("the account is 2, not 1\x1b[2J", code="APO-AWS-014", hint="check the role")
    code, out, err = run(error, capsys)
    assert (code, out) == (1, "")
    assert err == "error: the account is 2, not 1\\e[2J [APO-AWS-014]\n  hint: check the role\n"


def test_every_problem_of_a_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [
        Problem(
            "APO-LOAD-013", "unknown key 'cup'", "a.yaml", 3, 5, "/spec", "did you mean cpu?", "  cup: 1\n  ^"
        ),
        Problem("APO-LOAD-014", "a name is missing", "b.yaml", 1, 1),
    ]
    code, out, err = run(LoadError(problems), capsys)
    assert code == 1
    assert (
        "a.yaml:3:5: error: /spec: unknown key 'cup' [APO-LOAD-013]\n  cup: 1\n  ^\n  hint: did you mean cpu?"
        in err
    )
    assert "b.yaml:1:1: error: a name is missing" in err
    assert err.endswith("2 problems\n")
    code, out, _ = run(LoadError(problems), capsys, output="json")
    assert [one["line"] for one in json.loads(out)["errors"]] == [3, 1]


def test_a_bug_is_one_line_and_a_traceback_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(ValueError("odd"), capsys)
    assert code == 1
    assert err.startswith("internal error: ValueError: odd\n")
    assert "Traceback" not in err
    assert "report" in err
    _, _, err = run(ValueError("odd"), capsys, debug=True)
    assert "Traceback" in err


def test_the_error_inside_a_task_group_is_the_one_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    group = BaseExceptionGroup("x", [ValueError("odd"), BaseExceptionGroup("y", [ApolloError("the reason")])])
    code, _, err = run(group, capsys)
    assert code == 1
    assert err.startswith("error: the reason")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BaseExceptionGroup("x", [KeyboardInterrupt()])])
def test_interrupted_is_130(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(error, capsys)[0] == 130


def test_a_file_that_cannot_be_read_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(PermissionError(13, "Permission denied", "/x/y"), capsys)
    assert code == 1
    assert err == "error: /x/y: Permission denied [APO-CLI-002]\n"


def test_our_own_codes_are_explained() -> None:
    for code in CODES:
        assert apollo("explain", code).exit_code == 0


def test_module_and_script_are_the_same() -> None:
    assert process("--version").stdout == process("-V").stdout
    assert process("--version").returncode == 0
