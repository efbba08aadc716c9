"""Every broken program: the right code, once, the names, the line, in time, and nothing else that counts."""

from __future__ import annotations

import pytest
import torch

from optlint.auditing.options import Options
from optlint.auditing.session import Session
from tests.audit import (
    broken_averages,
    broken_effects,
    broken_given,
    broken_groups,
    broken_links,
    broken_losses,
    broken_models,
    broken_names,
    broken_order,
    broken_parts,
    broken_resets,
    broken_rounds,
    broken_values,
)
from tests.audit.broken import Broken
from tests.audit.releases import skip_if_too_old

MODULES = (
    broken_averages,
    broken_effects,
    broken_given,
    broken_groups,
    broken_links,
    broken_losses,
    broken_models,
    broken_names,
    broken_order,
    broken_parts,
    broken_resets,
    broken_rounds,
    broken_values,
)
PROGRAMS = [value for module in MODULES for value in vars(module).values() if isinstance(value, Broken)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.function.__name__)
@pytest.mark.filterwarnings("ignore")
def test_found(program: Broken) -> None:
    skip_if_too_old(program.function.__name__)
    torch.manual_seed(0)
    session = Session(Options())
    session.start()
    raised = None
    try:
        program.function()
    except Exception as error:
        raised = error
    session.stop(raised)
    assert session.fault is None
    expected = program.expected
    assert type(raised) is (expected.raises or type(None)), raised
    counted = [one for one in session.diagnostics if one.severity.counts]
    assert [(one.code, one.severity.value) for one in counted] == [(expected.code, expected.severity)]
    (found,) = counted
    assert (found.span.filename, found.span.row) == (program.function.__code__.co_filename, program.row)
    assert set(found.parameters) == set(expected.names)
    assert expected.by_step is None or (found.step is not None and found.step <= expected.by_step)
