"""A pytest plugin, ``-p tests.fuzzing``: only the property tests, each with many times its examples.

``FUZZ_FACTOR`` says how many times (60 unless told).
"""

import os
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings

FACTOR = int(os.environ.get("FUZZ_FACTOR", "60"))
SETTINGS = "_hypothesis_internal_use_settings"  # where hypothesis keeps what @settings said; it offers no other way


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the property tests and raise their budgets."""
    chosen = [item for item in items if is_hypothesis_test(_function(item))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
    for function in {_function(item) for item in chosen}:
        usual: settings = getattr(function, SETTINGS, None) or settings()
        setattr(function, SETTINGS, settings(usual, max_examples=usual.max_examples * FACTOR, deadline=None))


def _function(item: pytest.Item) -> Any:  # Any: whatever the collected test is
    return getattr(item, "obj", None)
