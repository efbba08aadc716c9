"""The baseline of a run: which file it is, and what is left of a run without the diagnostics that it knows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from optlint.linting.baseline import Baseline, Compared, read_baseline
from optlint.output._summary import counted
from optlint.own_rules import FILE_NOT_ANALYSED
from optlint.sources.excerpts import Excerpts

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.batch.outcome import FileResult, Gathered
    from optlint.linting.baseline import Entry


def compared(gathered: Gathered, baseline: Baseline) -> Compared:
    """The diagnostics of a run beside those of the baseline."""
    lines = Excerpts(gathered.given).lines
    return baseline.compare(gathered.diagnostics, looked_for(gathered, baseline), lines)


def looked_for(gathered: Gathered, baseline: Baseline) -> Callable[[Entry], bool]:
    """Whether a run would have found the diagnostic of an entry, if it were still there."""
    results = {baseline.path_of(result.path): result for result in gathered.results}
    configs = dict.fromkeys(file.config for file in gathered.files)
    codes = frozenset(code for config in configs for code in gathered.policies.of(config).enabled)

    def would_be_found(entry: Entry) -> bool:
        result = results.get(entry.path)
        if result is None or result.crash or entry.code not in codes:
            return False
        if entry.code == FILE_NOT_ANALYSED.code:  # whether a file is parsed at all depends on the rules in question
            return not any(gathered.policies.command_line)
        return not _is_unreadable(result)

    return would_be_found


def without_known(gathered: Gathered, path: str) -> Gathered:
    """What a run has to say that is not in the baseline of this file."""
    baseline = read_baseline(path)
    result = compared(gathered, baseline)
    new = set(map(id, result.new))
    visible = [
        one._replace(diagnostics=tuple(found for found in one.diagnostics if id(found) in new))
        for one in gathered.results
    ]
    if result.gone:
        hint = "`optlint baseline prune` takes out what is gone"
        gone = counted(len(result.gone), "known diagnostic")
        print(f"optlint: {path}: {gone} not found any more, {hint}", file=sys.stderr)
    return gathered._replace(results=visible, known=result.known)


def _is_unreadable(result: FileResult) -> bool:
    return any(one.code == FILE_NOT_ANALYSED.code for one in result.diagnostics)
