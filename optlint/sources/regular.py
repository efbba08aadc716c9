"""Reading files that somebody else names: whatever is no regular file, such as a pipe, may never come to an end."""

from __future__ import annotations

import os

NOTEBOOK = ".ipynb"
LONGEST_NOTEBOOK = 10_000_000  # bytes, pictures and all, of one that is read for its code


def bytes_of(path: str) -> bytes | None:
    """What is in a regular file; None if there is none, or it can't be read."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def code_in(path: str) -> bytes | None:
    """The Python code in a regular file, of a notebook that of its cells; None if there is none."""
    data = bytes_of(path)
    if data is None or not path.endswith(NOTEBOOK):
        return data
    if len(data) > LONGEST_NOTEBOOK:
        return None
    from optlint.sources.decoding import NotAnalysedError
    from optlint.sources.notebook import read_notebook

    try:
        return read_notebook(data).code.encode("utf-8", "surrogatepass")
    except NotAnalysedError:
        return None
