"""Silence: no error and no warning on any healthy program, and no fault of our own."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
import torch

from optlint.auditing.options import Options
from optlint.auditing.session import Session
from tests.audit import (
    healthy_averages,
    healthy_corners,
    healthy_more,
    healthy_odd,
    healthy_resets,
    healthy_restarts,
    healthy_schedules,
    healthy_styles,
    healthy_tricks,
    healthy_uses,
)
from tests.audit.releases import skip_if_too_old

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = (healthy_schedules, healthy_averages, healthy_tricks, healthy_corners, healthy_more, healthy_odd)
MODULES += (healthy_resets, healthy_restarts, healthy_styles, healthy_uses)
PROGRAMS = [
    function
    for module in MODULES
    for _, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not inspect.signature(function).parameters
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.filterwarnings("ignore")
def test_silent(program: Callable[[], None]) -> None:
    skip_if_too_old(program.__name__)
    torch.manual_seed(0)
    with Session(Options()) as session:
        program()
    assert session.fault is None
    assert [diagnostic for diagnostic in session.diagnostics if diagnostic.severity.counts] == []
