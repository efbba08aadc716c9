"""Whether any code of the program reads a key or an attribute, asked of its source text."""

from __future__ import annotations

import linecache
import re
import sys
from typing import TYPE_CHECKING

from optlint.auditing.memory.places import is_users_file

if TYPE_CHECKING:
    from collections.abc import Set


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
    return ["".join(linecache.getlines(name)) for name in loaded_files(names) if name]


def loaded_files(others: Set[str] = frozenset()) -> set[str]:
    """The files of the user's that are loaded as modules, and some others."""
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {name for name in loaded if name and is_users_file(name)} | others
