"""Blocks as notebooks: cells begin at lines `# %%`, markdown ones at `# %% [markdown]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.pages.marks import Line

MARKER = "# %%"


def is_notebook(name: str) -> bool:
    """Whether a file of this name is one."""
    return name.endswith(".ipynb")


def notebook_text(lines: Sequence[Line]) -> str:
    """The block as the JSON of a notebook."""
    cells = [_cell([line.text for line in lines[start:stop]]) for start, stop in _bounds(lines)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def row_in_block(lines: Sequence[Line], cell: int, row: int) -> int:
    """The row of the block at which a row of a cell stands; both count from 1."""
    start, _ = _bounds(lines)[cell - 1]
    return start + _has_marker(lines[start].text) + row


def _bounds(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Where each cell starts, with its marker, and stops."""
    starts = [index for index, line in enumerate(lines) if index == 0 or _has_marker(line.text)]
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def _has_marker(text: str) -> bool:
    return text.startswith(MARKER)


def _cell(texts: list[str]) -> dict[str, object]:
    is_markdown = texts[0].startswith(f"{MARKER} [markdown]")
    code = texts[1:] if _has_marker(texts[0]) else texts
    source = "\n".join(code).splitlines(keepends=True)
    if is_markdown:
        return {"cell_type": "markdown", "metadata": {}, "source": source}
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
