"""From the source of a file to a libcst module, or to one clear reason why not."""

from __future__ import annotations

import ast
import re
import warnings

import libcst

from optlint.sources.decoding import NotAnalysedError, decode
from optlint.sources.limits import excess
from optlint.sources.stack import on_big_stack

_PARSER_POSITION = re.compile(r"error at (\d+):(\d+)")
_PYTHON_2 = ("Missing parentheses in call to", "multiple exception types must be", "leading zeros in decimal integer")

_ASYNC = re.compile(r"async\s*=[^=]")  # an argument of `cuda` until Python 3.7


def parse(source: bytes | str) -> libcst.Module:
    """The module written in `source`; `NotAnalysedError` if there is none."""
    text = decode(source) if isinstance(source, bytes) else source
    return on_big_stack(lambda: _parsed(text))


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
            failure = NotAnalysedError(f"the parser failed with {type(error).__name__}: {error}")
            raise _python_says(text) or failure from error
        raise


def _python_says(text: str) -> NotAnalysedError | None:
    """The syntax error in the words of the Python that runs us, which knows better ones than the parser."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return NotAnalysedError(f"{error.msg}{_hint(error)}", max(1, error.lineno or 1), max(1, error.offset or 1))
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _hint(error: SyntaxError) -> str:
    """What old code may have meant."""
    if error.msg.startswith(_PYTHON_2):
        return " (is this Python 2?)"
    at = (error.text or "")[max(0, (error.offset or 1) - 1) :]
    return " (`async` is a keyword now; torch calls it `non_blocking`)" if _ASYNC.match(at) else ""


def _parser_says(error: libcst.ParserSyntaxError) -> NotAnalysedError:
    found = _PARSER_POSITION.search(error.message)
    row, column = map(int, found.groups()) if found else (error.raw_line, error.raw_column)
    return NotAnalysedError("invalid syntax", row, column + 1)
