"""``apollo set image`` changes one value, and leaves every other character alone."""

from __future__ import annotations

import difflib
import json

import pytest

from apollo.errors import LoadError
from apollo.manifest import set_image
from apollo.manifest.edit import spec_files

MANIFEST = """\
# the web team's
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}   # one line
spec:
    containerDefinitions:      # indented by four
    - name: app
      image: x/web:1.0   # 日本語 😀 do not move
      command: ["a",
                "b"]
    - {name: 'side', image: 'x/side:1'}
    - name: "log"
      image: "x/log:1"
    - name: anchored
      image: &img x/anchored:1
---
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: job}
spec: {containerDefinitions: [{name: run, image: x/run:1}, {name: app, image: x/other:1}]}
"""


def changed(before: str, after: str) -> list[tuple[str, str]]:
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    minus = [line[2:] for line in lines if line.startswith("- ")]
    plus = [line[2:] for line in lines if line.startswith("+ ")]
    return list(zip(minus, plus, strict=True))


@pytest.mark.parametrize(
    ("container", "before", "after"),
    [
        ("side", "'x/side:1'", "'y/z:2@sha256:ab'"),
        ("log", '"x/log:1"', '"y/z:2@sha256:ab"'),
        ("run", "image: x/run:1}", "image: y/z:2@sha256:ab}"),
        ("anchored", "&img x/anchored:1", "&img y/z:2@sha256:ab"),
    ],
)
def test_exactly_one_value_changes(container: str, before: str, after: str) -> None:
    new = set_image(MANIFEST, container, "y/z:2@sha256:ab")
    ((old_line, new_line),) = changed(MANIFEST, new)
    assert new_line == old_line.replace(before, after)


def test_a_name_says_which_manifest() -> None:
    with pytest.raises(LoadError, match="several containers are called 'app'"):
        set_image(MANIFEST, "app", "y:2")
    new = set_image(MANIFEST, "app", "y:2", name="web", kind="TaskDefinition")
    assert changed(MANIFEST, new) == [
        ("      image: x/web:1.0   # 日本語 😀 do not move", "      image: y:2   # 日本語 😀 do not move")
    ]
    assert "image: y:2}]}" in set_image(MANIFEST, "app", "y:2", name="job")


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + MANIFEST.replace("\n", "\r\n")
    new = set_image(text, "log", "y:2")
    assert new == text.replace('"x/log:1"', '"y:2"')


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("envelope", [False, True])
def test_the_json_of_another_tool(indent: int | str | None, envelope: bool) -> None:
    body = {
        "family": "web",
        "note": "😀",
        "containerDefinitions": [{"name": "app", "image": "a:1", "cpu": 1}],
    }
    text = json.dumps({"taskDefinition": body} if envelope else body, indent=indent)
    new = set_image(text, "app", "b:2")
    assert new == text.replace('"a:1"', '"b:2"')


def test_a_number_like_image_gets_quotes() -> None:
    assert 'image: "123"   #' in set_image(MANIFEST, "app", "123", name="web")


HEAD = "apiVersion: apollo/v1\nkind: TaskDefinition\nmetadata: {name: web}\nspec:\n  containerDefinitions:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "  - name: app\n    image: |\n      x:1\n", "a block of text"),
        (HEAD + "  - name: app\n    image: ${{ var.image }}\n", "an expression"),
        (HEAD + "  - {name: b, image: &i x:1}\n  - {name: app, image: *i}\n", "behind an alias"),
        (HEAD + "  - &c {name: app, image: x:1}\nlabels: *c\n", "without changing others"),
        (HEAD + "  - {name: app, image: &i x:1}\n  - {name: b, image: *i}\n", "without changing others"),
        (HEAD + "  - {name: app}\n", "has no image"),
        (HEAD + "  - {name: ap, image: x}\n", "there is no container 'app'"),
        (HEAD + "  - {name: app, image: [x]}\n", "is no text"),
        ("a: [", "did not find expected node content"),
    ],
)
def test_what_cannot_be_edited_alone_is_refused(text: str, message: str) -> None:
    with pytest.raises(LoadError) as caught:
        set_image(text, "app", "y:2", file="f.yaml")
    assert message in str(caught.value) and "f.yaml" in str(caught.value)


@pytest.mark.parametrize("image", ["", "a b", "a\nb", "a: b", "${{ var.x }}", "-x", "a'b"])
def test_what_is_no_image_is_refused(image: str) -> None:
    with pytest.raises(LoadError, match="is no image"):
        set_image(MANIFEST, "log", image)


def test_the_way_to_a_native_file() -> None:
    text = HEAD.replace("spec:\n  containerDefinitions:\n", "specFrom: {file: ../td.json}\n")
    assert spec_files(text) == ["../td.json"] and spec_files(text, name="other") == []
    with pytest.raises(LoadError) as caught:
        set_image(text, "app", "y:2")
    assert "edit that file" in caught.value.hint
