"""`optlint.lint`: the linter from within a program."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from optlint.batch.checking import check_file
from optlint.batch.policies import Policies
from optlint.discovery.files import find_files, given_file
from optlint.discovery.found import Excluding, Missing, SourceFile
from optlint.linting.judging import AnalysisError
from optlint.settings.config import Configs, read_file
from optlint.settings.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.diagnostic import Diagnostic

SUFFIXES = (".py", ".pyi", ".ipynb")
IN_MEMORY = "<string>"


def lint(
    source_or_path: str | bytes | os.PathLike[str],
    *,
    filename: str = IN_MEMORY,
    select: Iterable[str] | None = None,
    extend_select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    config: str | os.PathLike[str] | None = None,
) -> list[Diagnostic]:
    """The diagnostics of a source text, a file, or all files in a folder, as `optlint check` would find them.

    A `str` is a path if a file or folder of that name exists, or if it is one line that ends like a Python file.
    `filename` is what a text is called, and where its configuration is looked for. `select`, `extend_select` and
    `ignore` take codes, prefixes, names or "ALL", and override the configuration; `config` names one file to use.

    Rows and columns of spans are 1-based, columns count code points, and the end of a span is exclusive. A file that
    can't be parsed is no exception but a diagnostic (OPT900). Raises `FileNotFoundError` where a path does not exist,
    `ConfigError` for a configuration or a rule that does not exist, `AnalysisError` where optlint itself fails.
    """
    configs = Configs(read_file(os.fspath(config)) if config is not None else None)
    policies = Policies(
        Selection(None if select is None else tuple(select), tuple(extend_select), tuple(ignore)),
    )
    return [diagnostic for file in _files(source_or_path, filename, configs) for diagnostic in _check(file, policies)]


def _files(source: str | bytes | os.PathLike[str], filename: str, configs: Configs) -> Iterator[SourceFile]:
    if isinstance(source, bytes) or (isinstance(source, str) and not _is_path(source)):
        yield from given_file(filename, source, configs, Excluding())
        return
    for found in find_files([os.fspath(source)], configs, Excluding()):
        if isinstance(found, Missing):
            raise FileNotFoundError(f"no such file or folder: {found.path}")
        yield found


def _is_path(source: str) -> bool:
    if "\n" in source or "\0" in source:
        return False
    return os.path.exists(source) or source.endswith(SUFFIXES)


def _check(file: SourceFile, policies: Policies) -> tuple[Diagnostic, ...]:
    policies.validate(file.config)
    result = check_file(file, policies)
    if result.crash:
        raise AnalysisError(f"{file.path}: {result.crash}")
    return result.diagnostics
