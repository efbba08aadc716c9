"""Many files: the results in their order, from one process or several."""

from __future__ import annotations

from optlint.batch.checker import Checker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.batch.outcome import Examined, FileResult
    from optlint.batch.policies import Policies
    from optlint.discovery.found import SourceFile
    from optlint.fixes.mending import Mending

MANY_FILES = 100  # to parse, from which on another process saves more time than it takes to start
MANY_ASKED = 500  # files asked for, from which on reading them takes longer than keeping a note of each


def check_all(files: Sequence[SourceFile], checker: Checker, jobs: int) -> Iterator[FileResult]:
    """The results in the order of the files; several processes share the work if there is enough of it."""
    checker.many = len(files) >= MANY_ASKED
    known = list(map(checker.look, files))
    unknown = [file for file, result in zip(files, known, strict=True) if result is None]
    if jobs > 1 and len(unknown) >= MANY_FILES:
        from optlint.batch.pool import examined

        found: Iterator[Examined] = examined(unknown, checker, jobs)
    else:
        found = _examined(unknown, checker)
    for file, result in zip(files, known, strict=True):
        yield result or checker.keep(file, next(found))


def _examined(files: Sequence[SourceFile], checker: Checker) -> Iterator[Examined]:
    from optlint.batch import garbage

    garbage.put_off()
    try:
        for file in files:
            yield checker.examine(file)
            garbage.collect()
    finally:
        garbage.resume()


def check_file(file: SourceFile, policies: Policies, mending: Mending | None = None) -> FileResult:
    """Check a single file, without a cache."""
    return Checker(policies, mending).check(file)
