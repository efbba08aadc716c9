"""Executing the code of a page with torch, so that what the page claims is what torch does."""

from __future__ import annotations

import contextlib
import io
import linecache
import random
import sys
import traceback
import types
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

import optlint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from optlint.diagnostic import Diagnostic
    from tests.pages.marks import Line
    from tests.pages.page import Case, Source

MODULE = "page_under_test"


class RunError(AssertionError):
    """A block that did not do what the page claims."""


def torch_fits(case: Case) -> bool:
    """Whether torch is installed, and one that the block asks for."""
    if not find_spec("torch"):
        return False
    return case.attributes.torch.contains(_torch().__version__.partition("+")[0], prereleases=True)


def execute(case: Case, page: Path) -> list[Diagnostic]:
    """Run the case's block under the audit, and return what that says of it, at the rows of the case.

    Raise `RunError` if the block fails, or ends otherwise than `raises=` says.
    """
    expected = case.attributes.value("raises")
    report = None
    try:
        with _undisturbed(), optlint.audit(reportable=str(page).__eq__, check_replicas=1) as report:
            _run(case.main.lines, page)
    except Exception as error:
        if expected not in [kind.__name__ for kind in type(error).__mro__]:
            raise RunError(_page_traceback(error, page)) from None
    else:
        if expected:
            raise RunError(f"the block should raise {expected}, and did not")
    return [_at_row_of_case(one, case.main) for one in (report.diagnostics if report else ())]


def _at_row_of_case(one: Diagnostic, main: Source) -> Diagnostic:
    rows = {line.row: row for row, line in enumerate(main.lines, start=1)}
    return one._replace(span=one.span._replace(filename=main.name, row=rows.get(one.span.row, 0)))


def _run(lines: tuple[Line, ...], page: Path) -> None:
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    try:
        exec(compile(_at_page_lines(lines), str(page), "exec"), module.__dict__)
    finally:
        del sys.modules[MODULE]


def _at_page_lines(lines: tuple[Line, ...]) -> str:
    """The code with as many empty lines as it takes to put each line where it stands on the page."""
    texts = [""] * max((line.row for line in lines), default=0)
    for line in lines:
        texts[line.row - 1] = line.text
    return "\n".join(texts) + "\n"


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Seeded, silent, and with torch's switches put back at the end."""
    torch = _torch()
    switches = torch.is_grad_enabled(), torch.get_default_dtype(), torch.is_anomaly_enabled()
    torch.manual_seed(0)
    random.seed(0)
    silence = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            torch.set_grad_enabled(switches[0])
            torch.set_default_dtype(switches[1])
            torch.autograd.set_detect_anomaly(switches[2])


def _torch() -> types.ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
    torch.set_num_threads(1)
    return torch


def _page_traceback(error: Exception, page: Path) -> str:
    linecache.checkcache(str(page))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(page)]
    head = "the block does not run as the page claims\n\n"
    where = "".join(f"{page.name}:{frame.lineno}: {frame.line}\n" for frame in frames)
    return head + where + "".join(traceback.format_exception_only(error)).rstrip()
