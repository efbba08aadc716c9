"""From the bytes of a file to a libcst module, or to one clear reason why not."""

from __future__ import annotations

import ast
import re
import sys
import threading
import warnings
from io import BytesIO
from tokenize import detect_encoding
from typing import TYPE_CHECKING, Generic, TypeVar

import libcst

from optlint.limits import MAX_BYTES, excess

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_STACK_SIZES = (512 << 20, 128 << 20, 32 << 20)  # bytes of address space, used only as far as needed
_RECURSION_LIMIT = 20_000
_PARSER_POSITION = re.compile(r"error at (\d+):(\d+)")
_PYTHON_2 = ("Missing parentheses in call to", "multiple exception types must be", "leading zeros in decimal integer")


class NotAnalysedError(Exception):
    """A source that cannot be analysed: why, and where (1-based, as in a span)."""

    def __init__(self, reason: str, row: int = 1, column: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row
        self.column = column


def decode(data: bytes) -> str:
    """The text of a source file by its byte order mark or encoding cookie, without the mark."""
    if (nul := data.find(b"\0")) >= 0:
        encoded_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        hint = "; it looks like UTF-16, save it as UTF-8" if encoded_wide else ""
        raise NotAnalysedError(f"source code cannot contain NUL bytes{hint}", *_place(data, nul))
    encoding = _encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotAnalysedError(f"not valid {encoding}: {error.reason}", *_place(data, error.start)) from None
    except LookupError:
        raise NotAnalysedError(f"unknown encoding: {encoding}") from None


def parse(source: bytes | str) -> libcst.Module:
    """The module written in `source`; `NotAnalysedError` if there is none."""
    if len(source) > MAX_BYTES:
        raise NotAnalysedError(f"the file is larger than {MAX_BYTES:,} bytes")
    text = decode(source) if isinstance(source, bytes) else source
    return on_big_stack(lambda: _parsed(text))


def on_big_stack(work: Callable[[], T]) -> T:
    """What `work` returns or raises, run where deep recursion is no crash."""
    if isinstance(threading.current_thread(), _BigStackThread):
        return work()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        thread = _started(work)
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    return thread.outcome()


class _BigStackThread(threading.Thread, Generic[T]):
    """A thread that keeps what its work returned or raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="optlint", daemon=True)
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:
            self._error = error

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]


def _started(work: Callable[[], T]) -> _BigStackThread[T]:
    """A running thread with the largest stack that the system grants."""
    before = threading.stack_size()
    for size in _STACK_SIZES:
        try:
            threading.stack_size(size)
            thread = _BigStackThread(work)
            thread.start()
        except (ValueError, RuntimeError):
            if size == _STACK_SIZES[-1]:
                raise
        else:
            break
        finally:
            threading.stack_size(before)
    return thread


def _parsed(text: str) -> libcst.Module:
    if too_much := excess(text):
        raise _python_says(text) or NotAnalysedError(too_much.reason, too_much.row)
    try:
        return libcst.parse_module(text)
    except RecursionError:
        raise NotAnalysedError("an expression or a chain of branches is too deep") from None
    except libcst.ParserSyntaxError as error:
        raise _python_says(text) or _parser_says(error) from None
    except BaseException as error:
        # A panic of the native parser is no Exception; whatever it was, the other files can still be checked.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise NotAnalysedError(f"the parser failed with {type(error).__name__}: {error}") from error
        raise


def _encoding(data: bytes) -> str:
    try:
        return detect_encoding(BytesIO(data).readline)[0]
    except SyntaxError as error:
        message = str(error)
        if message.startswith("invalid or missing encoding"):  # no cookie, and not UTF-8: decoding says where
            return "utf-8"
        raise NotAnalysedError(message) from None


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Row and column of a byte, up to which `data` may be read as UTF-8."""
    line_start = max(data.rfind(b"\n", 0, offset), data.rfind(b"\r", 0, offset)) + 1
    rows = len(re.findall(rb"\r\n?|\n", data[:offset]))
    return rows + 1, len(data[line_start:offset].decode("utf-8", "replace")) + 1


def _python_says(text: str) -> NotAnalysedError | None:
    """The syntax error in the words of the Python that runs us, which knows better ones than the parser."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        hint = " (is this Python 2?)" if error.msg.startswith(_PYTHON_2) else ""
        return NotAnalysedError(f"{error.msg}{hint}", max(1, error.lineno or 1), max(1, error.offset or 1))
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _parser_says(error: libcst.ParserSyntaxError) -> NotAnalysedError:
    found = _PARSER_POSITION.search(error.message)
    row, column = map(int, found.groups()) if found else (error.raw_line, error.raw_column)
    return NotAnalysedError("invalid syntax", row, column + 1)
