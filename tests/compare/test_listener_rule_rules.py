"""The forms of a listener rule, and its names there and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.compare import canonical, differences
from apollo.compare.listener_rule import RULES, comparable, live_spec
from apollo.compare.names import aws_names, spec_names
from apollo.resources.listener_rule import ListenerRuleSpec
from tests.compare.cases import Case
from tests.compare.cases.listener_rule import CASES, plain


@pytest.mark.parametrize("case", CASES, ids=[c[0] for c in CASES])
def test_what_aws_answers_is_read_back_as_it_was_said(case: Case) -> None:
    """Describe's spelling of a rule is the same rule; and one form is enough."""
    _, declared, *_ = case
    answer = aws_names(declared, ("authenticationRequestExtraParams",))
    assert differences(comparable(declared), live_spec(answer), RULES) == []
    once = comparable(declared)
    assert comparable(once) == once
    form = canonical(once, RULES)
    assert canonical(form, RULES) == form


def test_every_pointer_of_the_table_leads_to_a_field() -> None:
    assert [pointer for pointer in RULES.table if not RULES.knows(pointer)] == []


KEYS = st.text("abcXYZ", min_size=1, max_size=4).map(lambda text: text[:1].lower() + text[1:])


@given(
    st.recursive(
        st.integers() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)
    )
)
def test_names_go_there_and_back(value: Any) -> None:
    assert spec_names(aws_names(value)) == value


def test_keys_that_are_data_keep_their_case() -> None:
    assert spec_names({"Extra": {"Key": 1}}, ("Extra",)) == {"extra": {"Key": 1}}


def test_a_spec_takes_a_number_or_the_word_default() -> None:
    base = {"listenerArn": "arn", "actions": [plain("a")]}
    assert ListenerRuleSpec.model_validate({**base, "priority": "default"}).is_default
    assert not ListenerRuleSpec.model_validate({**base, "priority": 10}).is_default
    for wrong in (0, 50001, "10", "last", None):
        with pytest.raises(ValueError, match="priority"):
            ListenerRuleSpec.model_validate({**base, "priority": wrong})
