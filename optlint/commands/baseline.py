"""Keep what is found today as known: write, check or prune the baseline."""

from __future__ import annotations

import os

from optlint.arguments import Arguments, UsageError
from optlint.commands import _gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.batch.outcome import Gathered
    from optlint.linting.baseline import Baseline

USAGE = "optlint baseline write|check|prune [OPTIONS] [PATH ...]"
OPTIONS = (*_gather.OPTIONS, _gather.BASELINE)
ACTIONS = ("write", "check", "prune")


def run(arguments: Arguments) -> int:
    """`write` keeps all that is found; `check` fails if the baseline is not what is found; `prune` only takes out."""
    action, *paths = arguments.paths or ("",)
    if action not in ACTIONS:
        raise UsageError(f"which action? One of {', '.join(ACTIONS)}")
    from optlint.linting.baseline import Baseline, read_baseline

    path = arguments.value("--baseline") or _gather.default_baseline() or _gather.BASELINE_NAME
    baseline = read_baseline(path) if action != "write" or os.path.exists(path) else Baseline(path)
    gathered = _gather.gather(arguments._replace(paths=tuple(paths)))
    if action == "write":
        return _write(baseline, gathered)
    return _check(baseline, gathered) if action == "check" else _prune(baseline, gathered)


def _write(baseline: Baseline, gathered: Gathered) -> int:
    from optlint.commands._known import looked_for
    from optlint.output._summary import counted
    from optlint.sources.excerpts import Excerpts

    lines = Excerpts(gathered.given).lines
    written = baseline.rewritten(gathered.diagnostics, looked_for(gathered, baseline), lines)
    written.write()
    files = counted(len({entry.path for entry in written.entries}), "file")
    print(f"{baseline.path}: known from now on: {counted(len(written.entries), 'diagnostic')} in {files}.")
    return 2 if gathered.failed else 0


def _check(baseline: Baseline, gathered: Gathered) -> int:
    from optlint.commands._known import compared

    result = compared(gathered, baseline)
    for entry in result.gone:
        print(f"{entry.path}: {entry.code} is there no more: {entry.line}")
    for diagnostic in result.new:
        span = diagnostic.span
        print(f"{span.filename}:{span.row}: {diagnostic.code} is not in the baseline: {diagnostic.message}")
    print(f"{baseline.path}: {result.known} known, {len(result.new)} new, {len(result.gone)} gone.")
    if gathered.failed:
        return 2
    return 1 if result.gone or any(one.severity.counts for one in result.new) else 0


def _prune(baseline: Baseline, gathered: Gathered) -> int:
    from optlint.commands._known import compared

    gone = compared(gathered, baseline).gone
    if gone:
        baseline.without(gone).write()
    print(f"{baseline.path}: {len(gone)} taken out, {len(baseline.entries) - len(gone)} left.")
    return 2 if gathered.failed else 0
