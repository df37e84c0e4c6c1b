"""Log lines: their shape, their context, and what they must never show."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.errors import AccessDenied, ApolloError
from apollo.telemetry import Format, JsonFormatter, bind, escape, hide, redact, setup

log = logging.getLogger("apollo.test")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("apollo")
    before = list(root.handlers), root.level, ours.level
    yield
    root.handlers[:], level, own = before
    root.setLevel(level)
    ours.setLevel(own)


def listen(style: Format = "json", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logging.getLogger().handlers.clear()  # pytest's own raise where ours must not
    setup(level, style, stream)
    return stream


def line_of(stream: io.StringIO) -> dict[str, object]:
    found: dict[str, object] = json.loads(stream.getvalue())
    return found


def test_off_a_terminal_a_line_is_one_json_object_with_its_context() -> None:
    stream = io.StringIO()
    setup("info", "auto", stream)
    with bind(environment="stage", app="web", key="Service/web", commit="abc123", reconcile="r1"):
        log.info("updated %s", "it", extra={"request_id": "q-1"})
    line = line_of(stream)
    assert str(line.pop("ts")).endswith("Z")
    assert line == {
        "level": "info",
        "logger": "apollo.test",
        "msg": "updated it",
        "environment": "stage",
        "app": "web",
        "key": "Service/web",
        "commit": "abc123",
        "reconcile": "r1",
        "request_id": "q-1",
    }


def test_on_a_terminal_a_line_is_for_people() -> None:
    stream = Terminal()
    setup("info", "auto", stream)
    with bind(environment="stage", app="web", key="Service/web", commit="abc123456789"):
        log.warning("late")
    assert stream.getvalue()[9:] == "WARNING [stage Service/web abc1234] late\n"


def test_inner_context_adds_replaces_and_takes_away_and_ends_with_its_block() -> None:
    stream = listen()
    with bind(environment="stage", commit="a"):
        with bind(commit="b", key="Service/web", environment=None):
            log.info("inner")
        log.info("outer")
    log.info("none")
    inner, outer, none = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (inner.get("environment"), inner["commit"], inner["key"]) == (None, "b", "Service/web")
    assert (outer["environment"], outer["commit"], outer.get("key")) == ("stage", "a", None)
    assert "commit" not in none


def test_an_error_of_ours_shows_code_and_remedy_and_no_stack() -> None:
    error = AccessDenied(
        "not allowed",
        service="ecs",
        operation="UpdateService",
        category="access-denied",
        request_id="q-7",
        code="APO-AWS-002",
        hint="add ecs:UpdateService",
    )
    for style in ("json", "text"):
        stream = listen(style)
        try:
            raise error
        except ApolloError:
            log.exception("failed")
        text = stream.getvalue()
        assert "APO-AWS-002" in text
        assert "not allowed" in text
        assert "Traceback" not in text
        if style == "json":
            assert line_of(stream)["request_id"] == "q-7"
        else:
            assert "hint: add ecs:UpdateService" in text


@pytest.mark.parametrize(
    ("style", "level", "stack"), [("json", "info", True), ("text", "info", False), ("text", "debug", True)]
)
def test_an_unforeseen_error_shows_its_stack_to_machines_and_to_who_debugs(
    style: Format, level: str, stack: bool
) -> None:
    stream = listen(style, level)
    try:
        raise KeyError("password=hunter2")
    except KeyError:
        log.exception("failed")
    assert ("Traceback" in stream.getvalue()) is stack
    assert "hunter2" not in stream.getvalue()


def test_other_libraries_are_heard_from_warning_on() -> None:
    stream = listen(level="debug")
    logging.getLogger("botocore").debug("body: secret")
    logging.getLogger("botocore").warning("careful")
    log.debug("ours")
    assert [json.loads(line)["msg"] for line in stream.getvalue().splitlines()] == ["careful", "ours"]


def test_set_up_twice_writes_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    setup("info", "json", first)
    setup("info", "json", second)
    log.info("hello")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


def test_a_level_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        setup("loud", "json", io.StringIO())


def test_a_wrong_log_call_or_a_closed_stream_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stream = listen()
    log.info("%s %s", "one")
    assert "one" in str(line_of(stream)["msg"])
    stream.close()
    log.info("into the void")
    assert capsys.readouterr().err == ""


# ── injection ────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text())
def test_nothing_logged_can_forge_a_line_or_drive_a_terminal(text: str) -> None:
    for style in ("text", "json"):
        stream = listen(style)
        with bind(key=text, environment="e"):
            log.info("x %s", text)
        written = stream.getvalue()
        assert written.count("\n") == 1
        assert written.endswith("\n")
        assert not any(
            ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029\u202e" for c in written[:-1]
        )
        written.encode()


def test_escaping_shows_what_was_there() -> None:
    assert escape("a\x1b[31m\nb\u202e\x85\ud800é") == "a\\x1b[31m\\nb\\u202e\\x85\\ud800é"


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────

CANARY = "Zq9canary7Xw"


@pytest.mark.parametrize(
    "text",
    [
        f"DB_PASSWORD={CANARY}",
        f"password: {CANARY}",
        f'{{"apiKey": "{CANARY} with spaces", "a": 1}}',
        f"{{'client_secret': '{CANARY}\\' more'}}",
        f"https://user:{CANARY}@github.com/x.git",
        f"https://user:p@ss@{CANARY}@github.com/x.git",
        f"https://{CANARY}@github.com/x.git",
        f"Authorization: Bearer {CANARY}{CANARY}",
        f"authorization: token {CANARY}",
        f"curl -H 'Authorization: Basic {CANARY}=='",
        f"GET /?X-Amz-Signature={CANARY}&X-Amz-Security-Token={CANARY}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
        f"ghp_{CANARY}{CANARY}",
        f"eyJhbGciOiJI.{CANARY}.{CANARY}",
        f"{{'name': 'DB_PASSWORD', 'value': '{CANARY}'}}",
        f'[{{"name":"STRIPE_API_KEY","value":"{CANARY}"}}]',
        f"name: SESSION_TOKEN, value: {CANARY}",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert CANARY not in redact(text)
    stream = listen()
    log.info("%s", text)
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "valueFrom: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        "secretsManager: arn:aws:secretsmanager:eu-west-1:123456789012:secret:git",
        "updated Service/token-issuer to web:42 in 12.5 s",
        "git@github.com:acme/config.git",
        "ssh://git@github.com/acme/config.git",
        "https://github.com/acme/config.git at 0123456789abcdef0123456789abcdef01234567",
        "image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:aa11",
        "{'name': 'LOG_LEVEL', 'value': 'debug'}",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_a_value_that_was_hidden_never_shows_not_even_quoted_for_a_url() -> None:
    hide("S3cr/et+canary")
    assert redact("x S3cr/et+canary y S3cr%2Fet%2Bcanary z") == "x *** y *** z"


@pytest.mark.parametrize("text", ["token" * 4000, "a" * 40000, "://" * 9000, "password=" * 3000, '"' * 20000])
def test_redaction_of_a_hostile_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 1.0


def test_a_text_without_end_does_not_make_a_line_without_end() -> None:
    record = logging.LogRecord("apollo", logging.ERROR, "", 0, "%s", ("x" * 1_000_000,), None)
    line = JsonFormatter().format(record)
    assert len(line) < 10_000
    assert json.loads(line)["msg"].endswith("(992000 more characters)")
