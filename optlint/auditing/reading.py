"""Whether any code of the program reads a key or an attribute, asked of its source text."""

from __future__ import annotations

import linecache
import re
import sys

from optlint.auditing.places import is_users_file

NEVER_READ_BY = "torch."


def is_read_in_source(key: str, kind: type, filename: str) -> bool:
    """Whether the optimizer's classes or any loaded file of the user's takes `key` out of something."""
    word = re.escape(key)
    read = re.compile(
        rf"""(\[\s*['"]{word}['"]\s*\](?!\s*=[^=]))|(\.(get|pop|setdefault)\(\s*['"]{word}['"])|(['"]{word}['"]\s+in\b)"""
    )
    return any(read.search(text) for text in _texts(kind, filename))


def _texts(kind: type, filename: str) -> list[str]:
    names = {filename}
    for base in kind.__mro__:
        module = sys.modules.get(base.__module__)
        names.add(getattr(module, "__file__", None) or "")
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    names |= {name for name in loaded if name and is_users_file(name)}
    return ["".join(linecache.getlines(name)) for name in names if name]
