"""One audit: from `start`, which installs the hooks, to `stop`, which removes every trace of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import torch

from optlint.auditing.hooks.handlers import Handlers
from optlint.auditing.hooks.watch import Watch
from optlint.auditing.memory.book import KEPT
from optlint.auditing.memory.summaries import AuditFacts
from optlint.auditing.options import Options
from optlint.auditing.reports.facts import still_left_out, summary_of, unowned_of
from optlint.auditing.reports.report import AuditReport
from optlint.diagnostic import Severity
from optlint.observations import Unowned
from optlint.rule import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from optlint.auditing.ranks.check import ReplicaCheck
    from optlint.diagnostic import Diagnostic
    from optlint.observations import Seen

NO_FAULT_OF_THE_PROGRAM = (SystemExit, KeyboardInterrupt, GeneratorExit)


class Session:
    """Watches all optimizers of this process between `start` and `stop`."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 (an immutable value)
        self._options: Options | None = options
        self._rank = options.rank
        self._on_diagnostic = options.on_diagnostic
        self._registry = options.registry or load_rules()
        self._handlers: Handlers | None = None
        self._watch: Watch | None = None
        self._replicas: ReplicaCheck | None = None
        self._diagnostics: list[Diagnostic] = []
        self._told: set[tuple[object, ...]] = set()
        self._explained: set[tuple[int | None, str]] = set()
        self._starved: set[int | None] = set()  # optimizers that were given too little; what they lack is no news
        self._parts: set[int] = set()  # optimizers that work within the step of another one
        self._frozen: AuditFacts | None = None
        self.fault: str | None = None  # what went wrong inside the audit itself

    def start(self) -> None:
        """Install the hooks; torch must have been imported."""
        options, self._options = self._options, None  # a model is not kept alive by its audit
        if options is None:
            raise RuntimeError("an audit can be started once only")
        self._handlers = Handlers(options, self._observe, self._fail)
        if options.optimizer is not None:
            self._handlers.adopt(options.optimizer)
        self._watch = Watch(self._handlers, self._fail)
        self._watch.install()
        self._replicas = self._replica_check(options.check_replicas, self._handlers, self._watch)

    def _replica_check(self, every: int, handlers: Handlers, watch: Watch) -> ReplicaCheck | None:
        if every < 1 or not torch.distributed.is_available():
            return None
        from optlint.auditing.ranks.check import ReplicaCheck
        from optlint.auditing.ranks.courier import CAN_LOOK

        if not CAN_LOOK:
            print("optlint: copies on several ranks are not compared: that needs torch 2.3", file=sys.stderr)
            return None
        watch.hook_steps()  # what counts steps comes before what goes by their number
        check = ReplicaCheck(handlers, every, self._fail)
        check.install()
        return check

    def stop(self, error: BaseException | None = None) -> None:
        """Judge what only the whole shows and remove all hooks; `error` is what ended the program, if anything did."""
        handlers, watch = self._handlers, self._watch
        if handlers is None or watch is None:
            return
        if self._replicas is not None:
            self._replicas.remove()
        if self.fault is None:
            self._guarded(lambda: self._finish(handlers, error))
        watch.remove()
        handlers.inquest.suspects.stop()
        self._guarded(lambda: self._freeze(handlers))
        handlers.close()
        self._handlers = self._watch = self._replicas = None
        self._on_diagnostic = None

    def discard(self) -> None:
        """Remove all hooks without judging or touching a tensor, as a forked child must with its parent's session."""
        if self._replicas is not None:
            self._replicas.discard()
        if self._watch is not None:
            self._watch.remove()
        if self._handlers is not None:
            self._handlers.close()
        self._handlers = self._watch = self._replicas = None
        self._on_diagnostic = None

    @property
    def idle(self) -> bool:
        """Whether no optimizer was built, tried to be, or stepped under it: there is nothing to report; cheap."""
        handlers = self._handlers
        return not self._diagnostics and (handlers is None or not (handlers.book.all or handlers.pending))

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as fault:
            self._fail(fault)

    def _finish(self, handlers: Handlers, error: BaseException | None) -> None:
        failed = error is not None and not isinstance(error, NO_FAULT_OF_THE_PROGRAM)
        if error is not None:
            for seen in handlers.explaining(error):
                self._observe(seen)
        handlers.finish(failed)

    def _freeze(self, handlers: Handlers) -> None:
        self._frozen = self._read(handlers)

    def __enter__(self) -> Session:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(error)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found up to now, in order of appearance."""
        return tuple(self._diagnostics)

    def report(self) -> AuditReport:
        """A live view while the session runs; plain frozen values once it has stopped."""
        return AuditReport(self._facts)

    def _facts(self) -> AuditFacts:
        if self._frozen is not None:
            return self._frozen
        if self._handlers is None:
            return AuditFacts(torch.__version__, self.diagnostics)
        return self._read(self._handlers)

    def _read(self, handlers: Handlers) -> AuditFacts:
        unowned = tuple(unowned_of(handlers.leaves, handlers.book))
        return AuditFacts(
            str(torch.__version__),
            self.diagnostics,
            tuple(summary_of(record) for record in handlers.book.all),
            (*unowned, *still_left_out(handlers.book, unowned)),
            tuple(handlers.inquest.timeline),
        )

    def _observe(self, seen: Seen) -> None:
        """Judge an observation; what a diagnostic has explained before is not told a second time."""
        if self._is_explained(seen) or self._is_of_a_part(seen):
            return
        for diagnostic in self._registry.judge(seen):
            key = (diagnostic.code, diagnostic.span, diagnostic.optimizer, diagnostic.group, diagnostic.parameters)
            if key not in self._told:
                self._told.add(key)
                self._explain(diagnostic)
                rank = self._rank if diagnostic.rank is None else diagnostic.rank
                self._report(diagnostic._replace(rank=rank, parameters=self._concerned(diagnostic)))

    def _is_explained(self, seen: Seen) -> bool:
        if isinstance(seen, Unowned) and seen.why == "other" and seen.optimizer in self._starved:
            return True
        return bool(seen.parameters) and all((seen.optimizer, name) in self._explained for name in seen.parameters)

    def _is_of_a_part(self, seen: Seen) -> bool:
        """Whether the optimizer works within the step of another one that holds the same parameters, and speaks."""
        book = self._handlers.book if self._handlers is not None else None
        if book is None or seen.optimizer is None or seen.optimizer >= KEPT:
            return False
        record = book.all[seen.optimizer]
        around = (book.records.get(identity) for identity in record.outer)
        if any(other is not None and record.parameters.keys() <= other.parameters.keys() for other in around):
            self._parts.add(record.index)  # for when the other one is gone
        return record.index in self._parts

    def _explain(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity is not Severity.INFO:
            self._explained |= {(diagnostic.optimizer, name) for name in diagnostic.parameters}
            self._starved |= {diagnostic.optimizer} if diagnostic.code < "OPT3" else set()

    def _concerned(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """The parameters that it names; those of its group or optimizer where it is about all of them."""
        index = diagnostic.optimizer
        if diagnostic.parameters or self._handlers is None or index is None or index >= KEPT:
            return diagnostic.parameters
        known = self._handlers.book.all[index].parameters.values()
        return tuple(one.label for one in known if diagnostic.group in (None, one.group))

    def _report(self, diagnostic: Diagnostic) -> None:
        self._diagnostics.append(diagnostic)
        if self._on_diagnostic is not None:
            self._on_diagnostic(diagnostic)

    def _fail(self, fault: Exception) -> None:
        """A fault of ours: say so once, and leave the program alone from now on."""
        if self.fault is not None:
            return
        self.fault = f"{type(fault).__name__}: {fault}"
        if self._handlers is not None:
            self._handlers.attention.alive = False
        if self._watch is not None:
            self._watch.switch_off()
        print(
            f"optlint: the audit has stopped after a fault of its own ({self.fault}); your program goes on",
            file=sys.stderr,
        )
