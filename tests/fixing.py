"""Fixing a text in memory, for tests."""

from __future__ import annotations

from functools import cache

from optlint.batch.policies import Policies
from optlint.fixes.fix import ALSO_UNSAFE, SAFE, Fixed, fix
from optlint.linting.linter import Task, diagnose
from optlint.settings.config import Config
from optlint.settings.selection import Selection
from optlint.sources.document import PythonFile

PREAMBLE = "import torch\nfrom torch import nn, optim\n"


@cache
def policies() -> Policies:
    """The policies without any configuration."""
    return Policies(Selection())


def mended(text: str, *, unsafe: bool = True) -> Fixed:
    """What the fixes of all rules make of a text."""
    policy = policies().of(Config())
    task = Task("main.py", policy, frozenset(policy.registry.rules))
    return fix(PythonFile(text), "main.py", lambda document: diagnose(document, task), ALSO_UNSAFE if unsafe else SAFE)
