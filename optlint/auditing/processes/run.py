"""`optlint run`: a training program, unchanged, with the audit around it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from optlint.auditing.processes.arrival import call_off_all
from optlint.auditing.processes.meeting import meeting_folder, temporary_folder
from optlint.auditing.processes.plan import Plan, files_of_ranks, hand_down, journals
from optlint.auditing.processes.process import ProcessAudit, current_rank
from optlint.auditing.processes.program import Program, execute
from optlint.auditing.processes.report_files import obstacle
from optlint.named_tuple import NamedTuple

FAIL_ON = {"never": (), "error": ("error",), "warning": ("error", "warning")}


class UsageError(Exception):
    """The command line or the configuration asks for what cannot be; nothing was run."""


class RunOptions(NamedTuple):
    """The command line of `optlint run`."""

    target: str
    arguments: tuple[str, ...] = ()
    module: bool = False
    reports: tuple[str, ...] = ()
    fail_on: str = "never"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    strict_iterators: bool = False
    check_replicas: int = 0  # every how many steps; 0: never


def main(options: RunOptions) -> int:
    """Run the program; what ends it comes through as it was raised, else the exit code is returned."""
    try:
        plan = _plan(options)
    except (UsageError, OSError) as error:
        print(f"optlint run: {error}", file=sys.stderr)
        return 2
    run = _Run(plan)
    audit = ProcessAudit(lambda: plan, run.conclude)
    call_off_all()
    audit.arm()
    hand_down(plan)
    run.execute(Program(options.target, options.arguments, options.module))
    if options.fail_on == "never" or not plan.is_mine:
        return 0
    _wait_for_threads()
    audit.end()
    return 1 if run.severities.intersection(FAIL_ON[options.fail_on]) else 0


def _plan(options: RunOptions) -> Plan:
    """The plan of this run; reports of an earlier one are removed, so that none can be taken for its."""
    if not options.module and not os.path.exists(options.target):
        raise UsageError(f"can't open file {os.path.abspath(options.target)!r}: there is no such file")
    for path in options.reports:
        if complaint := obstacle(path):
            raise UsageError(complaint)
    _check_rules(options)
    reports = tuple(map(os.path.abspath, options.reports))
    meeting = meeting_folder()
    if meeting is None:
        plan = Plan(os.getpid(), _scratch_folder(), reports, *options[5:])
    else:
        first = os.environ["LOCAL_RANK"] == "0"
        plan = Plan(os.getpid(), meeting, reports, *options[5:], first, int(os.environ["LOCAL_WORLD_SIZE"]) - 1)
    _remove_earlier(plan, current_rank())
    for path in journals(plan, current_rank()):
        with open(path, "w", encoding="utf-8"):
            pass
    return plan


def _check_rules(options: RunOptions) -> None:
    from optlint.settings.config import ConfigError, Configs

    try:
        words = Configs().of_folder(os.getcwd()).rule_words
        if options.select or options.ignore or words:
            _look_up((*options.select, *options.ignore, *words))
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _look_up(words: tuple[str, ...]) -> None:
    from optlint.own_rules import all_rules
    from optlint.settings.selection import UnknownRuleError, rules_named

    registry = all_rules()
    try:
        for word in words:
            rules_named(registry, word)
    except UnknownRuleError as error:
        raise UsageError(str(error)) from None


def _scratch_folder() -> str:
    path = os.path.join(temporary_folder(), f"optlint-{os.getpid()}-{os.urandom(8).hex()}")
    os.mkdir(path, 0o700)
    return path


def _remove_earlier(plan: Plan, rank: int | None) -> None:
    for path in [*plan.reports, *journals(plan, None)]:
        for number, old in files_of_ranks(path):
            if rank is None or number == rank:
                os.remove(old)


class _Run:
    """The process that sums the run up."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.error: BaseException | None = None
        self.severities: frozenset[str] = frozenset()

    def execute(self, program: Program) -> None:
        """Run the program; only an end in good order comes back."""
        try:
            execute(program)
        except SystemExit as ended:
            if _means_failure(ended.code):
                self.error = SystemExit(ended.code)
                raise
        except BaseException as error:
            self.error = error
            raise

    def conclude(self, audit: ProcessAudit) -> None:
        """Put together what all processes found."""
        from optlint.auditing.processes.gather import conclude

        whole = conclude(self.plan, audit.facts(self.error), audit.rank)
        self.severities = frozenset(one.severity.value for one in whole.diagnostics)
        if isinstance(self.error, KeyboardInterrupt):
            _interrupt_again()


def _means_failure(code: object) -> bool:
    """Whether Python makes another exit status than 0 of what `SystemExit` holds."""
    return bool(code & 0xFF) if isinstance(code, int) else code is not None


def _wait_for_threads() -> None:
    """What Python does itself, a little later: let other threads end, which may well be those that train."""
    import threading

    threading._shutdown()  # type: ignore[attr-defined]


def _interrupt_again() -> None:
    """Have Python end by SIGINT, as it does if no source text was run since the interrupt; ours was, in imports."""
    with suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")
