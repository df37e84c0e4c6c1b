"""Every file of the corpus by itself: taken as it is, repaired as its entry says, or refused at the place."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from apollo.importing.checked import NAME_FIELDS
from apollo.importing.model import Imported, Report
from apollo.importing.output import file_texts, report_data, report_lines, whole_text
from apollo.importing.session import DIALECTS, import_files
from apollo.manifest import parse
from apollo.manifest.nodes import data
from tests.corpus.loading import KINDS, LOSSLESS, Entry, entries, imported

DEFINITIONS = list(entries("taskdef", "service"))
VALID = [one for one in DEFINITIONS if one.status == "valid"]
INVALID = [one for one in DEFINITIONS if one.status == "invalid"]
REPAIRED = [one for one in INVALID if one.repairs is not None and LOSSLESS.issuperset(one.repairs)]
REFUSED = [one for one in INVALID if one not in REPAIRED]
OTHERS = [one for one in entries() if one.kind not in ("taskdef", "service")]
_SHAPES = {
    "TaskDefinition": ("RegisterTaskDefinition", "family"),
    "Service": ("CreateService", "serviceName"),
}
_VARIABLE = re.compile(r"\$\{\{ [^{}]* \}\}")
_WHOLE = re.compile(r"\$\{\{ var\.\w+ \}\}")


def _id(entry: Entry) -> str:
    return entry.file


def _refusals(report: Report) -> list[tuple[str, int, str]]:
    return [(note.path, note.line, note.what) for note in report.notes if note.level == "refused"]


def _with_name(one: Imported) -> dict[str, Any]:
    return {NAME_FIELDS[one.kind]: one.name, **one.spec}


def _meant(value: Any) -> Any:
    """A document without what is null, and without texts that mean that nothing is set."""
    if isinstance(value, Mapping):
        found = {name: _meant(item) for name, item in value.items()}
        unset = ("pidMode", "ipcMode", "launchType")
        return {
            name: item
            for name, item in found.items()
            if item is not None and not (name in unset and not item)
        }
    return [_meant(item) for item in value if item is not None] if isinstance(value, list) else value


def _filled(value: Any) -> Any:
    """A spec with some value for each variable: a number where a whole value is one and AWS wants one."""
    if isinstance(value, Mapping):
        return {
            name: 7 if name == "cpu" and isinstance(item, str) and _WHOLE.fullmatch(item) else _filled(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return _VARIABLE.sub("filled", value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def ecs() -> Any:
    return botocore.session.Session().get_service_model("ecs")


def test_the_corpus_is_all_there() -> None:
    assert (len(VALID), len(REPAIRED), len(REFUSED), len(OTHERS)) == (97, 9, 6, 76)


def test_the_files_are_what_their_authors_published() -> None:
    for entry in entries():
        assert hashlib.sha256(entry.data).hexdigest() == entry.sha256, entry.file


@pytest.mark.parametrize("entry", VALID, ids=_id)
def test_a_valid_file_says_afterwards_what_it_said_before(entry: Entry, ecs: Any) -> None:
    (one,), report = imported(entry)
    assert _refusals(report) == []
    _takes(ecs, one)
    if not report.variables:
        read = (
            yaml.safe_load(entry.data.replace(b"\t", b" "))
            if entry.file.endswith("yaml")
            else json.loads(entry.data)
        )
        said = _with_name(one)
        name = NAME_FIELDS[one.kind]
        if name not in read:
            del said[name]
        told_apart = {note.what for note in report.notes if note.level == "repaired"}
        if (
            one.kind == "Service"
            and "taskDefinition" in read
            and any("the task definition is" in w for w in told_apart)
        ):
            said["taskDefinition"] = read["taskDefinition"]
        assert said == _meant(read)


@pytest.mark.parametrize("entry", REPAIRED, ids=_id)
def test_an_invalid_file_is_repaired_exactly_as_its_entry_says(entry: Entry, ecs: Any) -> None:
    (one,), report = imported(entry)
    assert _refusals(report) == []
    _takes(ecs, one)
    done = set()
    for note in report.notes:
        if note.level == "dropped" and "read-only" in note.what:
            done.add("strip-read-only")
        elif note.level == "repaired" and "null" in note.what:
            done.add("drop-nulls")
        elif note.level == "repaired" and "where AWS has" in note.what:
            done.add("coerce-scalars")
        elif note.level == "repaired" and "stood inside" in note.what:
            done.add("unwrap")
    if report.variables and b"$$$$" in entry.data:
        done.add("templates")
    assert done == set(entry.repairs or ())


_PLACES = {
    "46ab9de4": ("", 34),  # a comma is missing
    "4ee9f392": ("/spec/containerDefinitions/exit/domainname", 8),
    "60a88457": ("/spec/containerDefinitions/containerone/…", 16),
    "aa5a9b65": ("/spec/containerDefinitions/web/command", 4),  # text instead of a list
    "e74f04e0": ("/spec/containerDefinitions/app/portMappings", 20),  # a mapping instead of a list
    "ec3b6685": ("/spec/containerDefinitions/exit/portBindings", 6),
}


@pytest.mark.parametrize("entry", REFUSED, ids=_id)
def test_what_cannot_be_repaired_without_a_guess_is_refused_at_its_place(entry: Entry) -> None:
    found, report = imported(entry)
    assert found == []
    (where,) = [(path, line) for path, line, _ in _refusals(report)][:1]
    assert where == _PLACES[entry.file.rpartition("__")[2].partition(".")[0]]


@pytest.mark.parametrize("entry", OTHERS, ids=_id)
def test_any_other_file_becomes_manifests_or_is_refused_with_a_code(entry: Entry) -> None:
    found, report = imported(entry)
    refused = [note for note in report.notes if note.level == "refused"]
    assert all(note.code for note in refused)
    if entry.kind != "cloudformation":
        assert refused
        assert not found
    else:
        told = [note for note in report.notes if "not Apollo's" in note.what]
        assert found or refused or told


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_file_ends_in_a_traceback_whatever_it_is_taken_for(dialect: str) -> None:
    for entry in entries():
        found, report = imported(entry, dialect=dialect)
        whole_text(found)
        report_lines(report)
        report_data(found, report, {})


_NOISE = [
    b"{{ x }}",
    b"$X",
    b"null",
    b"[",
    b"}",
    b'"',
    b": ",
    b"\n- ",
    b"!Ref A",
    b"!If [A, b, c]",
    b"${{ a }}",
    b"1e999",
]


def _broken(data: bytes, rng: random.Random) -> bytes:
    """A file with a few places cut, doubled or filled with something odd."""
    text = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, other = (rng.randrange(len(text) + 1) for _ in range(2))
        change = rng.randrange(3)
        if change == 0:
            del text[at : at + rng.randint(1, 20)]
        elif change == 1:
            text[at:at] = rng.choice(_NOISE)
        else:
            text[at:at] = text[other : other + rng.randint(1, 60)]
    return bytes(text)


def test_no_broken_file_ends_in_a_traceback() -> None:
    rng = random.Random(5)
    every = list(entries())
    for _ in range(600):
        entry = rng.choice(every)
        broken = _broken(entry.data, rng)
        dialect = rng.choice([None, None, *DIALECTS])
        found, report = import_files(
            {entry.file: broken},
            KINDS,
            sibling=lambda naming, name, broken=broken: broken,
            dialect=dialect,
        )
        whole_text(found)
        report_lines(report)
        report_data(found, report, {})


def test_what_is_written_reads_back_as_it_was() -> None:
    for entry in entries():
        found, _ = imported(entry)
        for name, text in file_texts(found).items():
            parsed = parse(text.encode(), name)
            assert parsed.ok, parsed.problems
            back = [data(document) for document in parsed.documents]
            its = {one.key: one.manifest() for one in found}
            for document in back:
                key = f"{document['kind']}/{document['metadata']['name']}"
                assert document == its[key], entry.file


def _takes(ecs: Any, one: Imported) -> None:
    operation, _ = _SHAPES[one.kind]
    shape = ecs.operation_model(operation).input_shape
    wrong = ParamValidator().validate(_filled(_with_name(one)), shape)
    assert not wrong.has_errors(), wrong.generate_report()
