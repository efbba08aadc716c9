"""Dicts at the top of a file that say which class or function a name stands for, as far as nobody adds to them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from optlint.flow.core.cells import MappingCell
from optlint.flow.core.values import ClassValue, Closure, External, Value
from optlint.flow.files.around import all_of

if TYPE_CHECKING:
    from optlint.flow.files.defined import Defined
    from optlint.flow.files.project import Project

WRITTEN = r"\bNAME(?:\[[^\]\n]*\]\s*=(?!=)|\s*\|=|\.(?:update|setdefault|pop|clear|register\w*)\b)"


def is_table(value: Value, name: str, file: str, project: Project, defined: Defined) -> bool:
    """Whether a global of a file is such a dict, all of whose entries are known."""
    cell = defined.cell(value)
    if not isinstance(cell, MappingCell) or cell.open or not cell.entries:
        return False
    entries = (entry.value for _, entry in cell.entries)
    if not all(isinstance(entry, ClassValue | Closure | External) for entry in entries):
        return False
    if (file, name) not in defined.tables:
        defined.tables[file, name] = not _is_written(name, file, project)
    project.asked.add(all_of(os.path.dirname(file)))
    return defined.tables[file, name]


def _is_written(name: str, file: str, project: Project) -> bool:
    """Whether a dict of this name is defined twice in its file, or some file of the project puts something into one."""
    outline = project.outline(file)
    if outline is None or len(outline.defining(name)) != 1:
        return True
    written = re.compile(WRITTEN.replace("NAME", re.escape(name)).encode())
    return any(written.search(project.data(one) or b"") for one in project.files_around(os.path.dirname(file)))
