"""Failing checks tell what they saw, as failing tests do."""

import pytest

pytest.register_assert_rewrite("tests.conformance.checks")
