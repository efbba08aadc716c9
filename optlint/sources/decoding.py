"""From the bytes of a source file to its text, by the rules of Python."""

from __future__ import annotations

import re
from io import BytesIO
from tokenize import detect_encoding


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
    encoding = encoding_of(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotAnalysedError(f"not valid {encoding}: {error.reason}", *_place(data, error.start)) from None
    except LookupError:
        raise NotAnalysedError(f"unknown encoding: {encoding}") from None


def encoding_of(data: bytes) -> str:
    """The name of the encoding that the mark or cookie says, by default UTF-8; `utf-8-sig` stands for the mark."""
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
