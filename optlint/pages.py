"""The page of a rule, from the package's data, or from `rules/` beside the package in an editable install."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.abc import Traversable

_SETUP = re.compile(r"^```\w+ \{[^}\n]*\.setup\b[^}\n]*\}\n.*?^```\n\n?", re.MULTILINE | re.DOTALL)
_ATTRIBUTES = re.compile(r"^(```\w+) \{[^}\n]*\}$", re.MULTILINE)


def page(code: str) -> str | None:
    """The Markdown text of the page of the rule with this code, without what is there for its tests alone."""
    entry = _entry(code)
    return None if entry is None else _ATTRIBUTES.sub(r"\1", _SETUP.sub("", str(entry.read_text(encoding="utf-8"))))


def location(code: str) -> str | None:
    """The URI of the page, where it is a file."""
    from pathlib import Path

    entry = _entry(code)
    return entry.as_uri() if isinstance(entry, Path) else None


def _entry(code: str) -> Traversable | None:
    entries = (entry for folder in _folders() for entry in folder.iterdir())
    return next((one for one in entries if one.name.startswith(f"{code}-") and one.name.endswith(".md")), None)


def _folders() -> Iterator[Traversable]:
    from importlib.resources import files
    from os.path import dirname
    from pathlib import Path

    candidates: tuple[Traversable, ...] = (files("optlint") / "rules", Path(dirname(dirname(__file__))) / "rules")
    return (folder for folder in candidates if folder.is_dir())
