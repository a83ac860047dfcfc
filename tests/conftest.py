"""What holds for every test."""

from __future__ import annotations

import os

# Servers that tests start take no calls and render no prompts; what is about the telephone opens lines of its own.
os.environ.setdefault("NUANXIAN_TELEPHONE", "false")
