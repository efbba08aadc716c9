"""The page of a rule, from the package's data, or from `rules/` beside the package in an editable install."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.abc import Traversable


def page(code: str) -> str | None:
    """The Markdown text of the page of the rule with this code."""
    for folder in _folders():
        for entry in folder.iterdir():
            if entry.name.startswith(f"{code}-") and entry.name.endswith(".md"):
                return str(entry.read_text(encoding="utf-8"))
    return None


def _folders() -> Iterator[Traversable]:
    from importlib.resources import files
    from os.path import dirname
    from pathlib import Path

    candidates: tuple[Traversable, ...] = (files("optlint") / "rules", Path(dirname(dirname(__file__))) / "rules")
    return (folder for folder in candidates if folder.is_dir())
