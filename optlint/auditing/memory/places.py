"""Where in the user's code something happened: stack frames to spans."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from itertools import islice
from typing import TYPE_CHECKING

from optlint.diagnostic import Span

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from types import FrameType

OWN = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
STANDARD = tuple(
    os.path.abspath(folder) + os.sep
    for folder in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    if folder
)
INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def is_users_file(filename: str) -> bool:
    """Whether a file is neither installed, nor of Python's own library, nor ours, nor no file at all."""
    if filename.startswith("<") and not filename.startswith(("<stdin", "<ipython")):
        return False
    if any(part in filename for part in INSTALLED):
        return False
    return not os.path.abspath(filename).startswith((OWN, *STANDARD))


def users_frame(reportable: Callable[[str], bool], frame: FrameType | None = None) -> FrameType | None:
    """The innermost frame of code that may be reported, from `frame` (the caller's) outwards."""
    frame = frame or sys._getframe(1)
    while frame is not None and not reportable(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def calling_frame() -> FrameType:
    """The frame that called into the audit, through however many of our wrappers."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(OWN) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def trail() -> tuple[object, ...]:
    """By which lines of whose code the caller came to run."""
    frame: FrameType | None = sys._getframe(1)
    found: list[object] = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)


def span_of(frame: FrameType) -> Span:
    """What this frame is executing; Python before 3.11 knows the line only."""
    filename = os.path.abspath(frame.f_code.co_filename)
    position = _position(frame)
    if position is None:
        return Span(filename, frame.f_lineno, 1, frame.f_lineno, 1)
    row, end_row, column, end_column = position
    start = code_points(linecache.getline(filename, row), column)
    return Span(filename, row, start + 1, end_row, code_points(linecache.getline(filename, end_row), end_column) + 1)


def code_points(line: str, offset: int) -> int:
    """A byte offset into a line, as Python counts columns, in code points."""
    return len(line.encode()[:offset].decode(errors="ignore")) if line else offset


def node_span(node: ast.expr | ast.stmt, filename: str) -> Span:
    """Where a node of a file's own syntax tree is written."""
    end_row = node.end_lineno or node.lineno
    start = code_points(linecache.getline(filename, node.lineno), node.col_offset)
    end = code_points(linecache.getline(filename, end_row), node.end_col_offset or 0)
    return Span(os.path.abspath(filename), node.lineno, start + 1, end_row, end + 1)


def _position(frame: FrameType) -> tuple[int, int, int, int] | None:
    if sys.version_info < (3, 11):
        return None
    row, end_row, column, end_column = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    if row is None or end_row is None or column is None or end_column is None:
        return None
    return row, end_row, column, end_column
