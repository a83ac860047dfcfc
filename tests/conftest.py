"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog

# Servers that tests start take no calls and render no prompts; what is about the telephone opens lines of its own.
os.environ.setdefault("NUANXIAN_TELEPHONE", "false")


@pytest.fixture(autouse=True)
def logging_of_its_own() -> Iterator[None]:
    """A command that a test runs in this process sets up logging to a stream that is closed with the test."""
    yield
    structlog.reset_defaults()
