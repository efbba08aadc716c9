"""What happens when the program builds, clears, runs backward, clips and steps."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor
from torch.nn import Module
from torch.optim.lr_scheduler import LRScheduler

from optlint.auditing.hooks.steps import Attention, Steps
from optlint.auditing.instruments.looks import choose_probe
from optlint.auditing.judges import births
from optlint.auditing.judges.averaged import AveragedModels
from optlint.auditing.judges.averages import Averages
from optlint.auditing.judges.inquest import Inquest
from optlint.auditing.judges.judge import is_hopeless, judge_hopeless
from optlint.auditing.judges.order import Order, told_of
from optlint.auditing.judges.resets import drawn_anew, first_values, round_begins, values_in
from optlint.auditing.judges.schedules import scheduled_early, scheduled_elsewhere
from optlint.auditing.judges.states import judge_loaded
from optlint.auditing.judges.suspects import Suspects
from optlint.auditing.judges.undone import start_of, state_loaded, weights_loaded
from optlint.auditing.judges.unowned import Leaves
from optlint.auditing.memory.arguments import Walked, first_argument
from optlint.auditing.memory.book import Book
from optlint.auditing.memory.places import span_of, users_frame
from optlint.auditing.memory.sources import Source, read_source
from optlint.observations import BackwardReachedNothing, IteratorClipped, Unmoved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

    from torch.optim import Optimizer

    from optlint.auditing.judges.resets import Before
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.auditing.options import Options
    from optlint.diagnostic import Span
    from optlint.observations import Seen

SKIPPED = 40
SECOND_TIME = "backward through the graph a second time"
SOON = (8, 64, 256)  # backwards after which the source is asked whether it steps
LONG = 1024  # backwards without a step that are no preparation any more
INITIAL_COUNT = int(hasattr(LRScheduler, "_update_lr"))  # of a scheduler, seen within the step of its `__init__`
CALL_CODE = Module._call_impl.__code__


class _Birth(NamedTuple):
    """An optimizer whose `__init__` is running."""

    whole: Source
    groups: list[Source]


class Pending(NamedTuple):
    """What is told only if this very error ends the program."""

    error: int
    kind: type[BaseException]
    seen: Seen


class Handlers:
    """The state of one audit; every public method is a handler of `Watch`."""

    def __init__(self, options: Options, tell: Callable[[Seen], None], fail: Callable[[Exception], None]) -> None:
        self.options = options
        self.tell = tell
        self._fail = fail
        self.book = Book(options.model)
        self.registrations = self.book.registrations
        self.order = Order(self.book, tell, self.here)
        self.leaves = Leaves(self.book)
        watches = Suspects(self.book, self.here, fail), Averages(self.book, options.reportable, fail)
        self.inquest = Inquest(self.book, self.leaves, watches, tell)
        self.averaged = AveragedModels(self.book, self.here, tell)
        self.attention = Attention()
        self.steps = Steps((self.book, self.order, self.inquest), self.attention, self._adopt, fail)
        self.pending: list[Pending] = []
        self._walked = Walked()
        self._building: dict[int, _Birth] = {}

    def adopt(self, optimizer: Optimizer) -> None:
        """Watch an optimizer that was built before the audit."""
        if self.book.of(optimizer) is None:
            self._adopt(optimizer)

    def _adopt(self, optimizer: Optimizer) -> OptimizerRecord:
        lineage = self.options.lineage
        place = (lineage.place_of(optimizer) if lineage else None) or self.here()
        return self._enter(optimizer, place, [Source()] * len(optimizer.param_groups), built_here=False)

    def explaining(self, error: BaseException) -> list[Seen]:
        """What was put off because it matters only if this error ends the program."""
        chain: list[BaseException] = []
        while error is not None and error not in chain:
            chain.append(error)
            error = error.__cause__ or error.__context__  # type: ignore[assignment]
        return [
            pending.seen
            for pending in self.pending
            if any(id(one) == pending.error and type(one) is pending.kind for one in chain)
        ]

    def finish(self, failed: bool) -> None:
        """The program has ended, or the audit of it."""
        for record in tuple(self.book.records.values()):
            self._tell_all(self.inquest.at_end(record, failed))
        if not failed:
            self._tell_all(self.averaged.at_end())

    def close(self) -> None:
        """Forget everything."""
        self.attention.alive = self.attention.watched = False
        self.inquest.suspects.stop()
        self.inquest.averages.stop()
        self.book.close()
        self.leaves.records.clear()

    def here(self, skip: frozenset[Any] = frozenset()) -> Span | None:
        """The user's line that runs now, outside of the functions with the codes in `skip`."""
        frame = users_frame(self.options.reportable, sys._getframe(1))
        while frame is not None and frame.f_code in skip:
            frame = users_frame(self.options.reportable, frame.f_back) if frame.f_back else None
        return span_of(frame) if frame is not None else None

    # optimizers are built

    def birth_begins(self, optimizer: Optimizer, given: object) -> None:
        """`Optimizer.__init__` is called; `given` has not been walked through yet."""
        self._building[id(optimizer)] = _Birth(read_source(given), [])
        self._walked.note(given)

    def group_begins(self, group: object) -> Source:
        """`add_param_group` is called."""
        given = group.get("params") if isinstance(group, dict) else None
        self._walked.note(given)
        return read_source(given)

    def group_ends(self, optimizer: Optimizer, source: Source) -> None:
        """A group was added, while the optimizer is built or later."""
        birth = self._building.get(id(optimizer))
        if birth is not None:
            birth.groups.append(source)
            return
        record = self.book.of(optimizer)
        if record is not None:
            group = len(optimizer.param_groups) - 1
            self.book.add_origin(record, group, source, self.here(_constructors(optimizer)), late=True)
            self.book.enter_tensors(record)
            self.book.relabel(record)
            self._tell_all(births.judge_groups(record, first=len(record.origins) - 1))

    def birth_ends(self, optimizer: Optimizer) -> None:
        """The optimizer is built, as far as torch's own base class is concerned."""
        birth = self._building.pop(id(optimizer), None)
        if birth is None:
            return
        sources = birth.groups
        if len(sources) == 1 and sources[0].state is None:
            sources = [birth.whole]
        place = self.here(_constructors(optimizer))
        record = self._enter(optimizer, place, sources, built_here=True)
        if self.options.lineage is not None:
            self.options.lineage.note(optimizer, place)
        self._tell_all(births.judge_groups(record))
        self._tell_all(births.split_layers(record))
        self.inquest.rebuilt(record)

    def _enter(
        self, optimizer: Optimizer, place: Span | None, sources: list[Source], built_here: bool
    ) -> OptimizerRecord:
        record = self.book.enter(optimizer, place, sources, built_here, self._ended)
        record.topology = self.registrations.count
        record.rounds.complete = built_here
        choose_probe(record)
        record.start = start_of(record) if built_here else None
        record.rounds.complete = built_here
        self.attention.watched = True
        return record

    def _ended(self, record: OptimizerRecord) -> None:
        if not self.attention.alive:
            return
        try:
            self._tell_all(self.inquest.at_end(record, failed=False))
            self.attention.reconsider(self.book)
        except Exception as fault:
            self._fail(fault)

    def birth_failed(self, optimizer: Optimizer, given: object, error: Exception) -> None:
        """torch refused to build the optimizer."""
        birth = self._building.pop(id(optimizer), None)
        if birth is not None and not self._is_pending(error):
            self._refused(optimizer, given, birth.whole, error)

    def group_failed(self, optimizer: Optimizer, group: object, source: Source, error: Exception) -> None:
        """torch refused a group."""
        given = group.get("params") if isinstance(group, dict) else None
        self._refused(optimizer, given, source, error)

    def _refused(self, optimizer: Optimizer, given: object, source: Source, error: Exception) -> None:
        place = self.here(_constructors(optimizer))
        if place is not None:
            seen = births.refused(optimizer, given, source, place)
            if seen is not None:
                self.pending.append(Pending(id(error), type(error), seen))

    def _is_pending(self, error: Exception) -> bool:
        return any(pending.error == id(error) for pending in self.pending)

    # a round of training

    def backward_begins(self, tensors: Any) -> None:
        """`backward` is called on these roots."""
        self.order.backward_begins()
        self.walk(tensors)

    def walk(self, tensors: Any) -> None:
        """Look now and then whom a loss reaches."""
        if self.attention.walks_due and self.book.records:
            self.attention.walks_due -= 1
            if self.leaves.walk(_roots(tensors)):
                self.attention.new_leaves = True
                self._hurry()

    def bad_loss(self) -> None:
        """A loss is NaN or infinite."""
        self.attention.bad_loss = True
        self._hurry()

    def _hurry(self) -> None:
        self.attention.hurried = True
        self._wake()

    def _wake(self) -> None:
        """See to it that the very next step is looked at."""
        for record in tuple(self.book.records.values()):
            record.quiet_until = 0

    def backward_ends(self, tensors: Any) -> None:
        """`backward` has run."""
        self.order.backward_ends(_roots(tensors))
        if self.order.backwards in SOON:
            self._tell_all(self.inquest.unstepped_by_anybody())
        if not self.order.backwards % LONG:
            self._tell_all(self.inquest.never_stepped(LONG))
            self.attention.reconsider(self.book)

    def backward_failed(self, tensors: Any, error: Exception) -> None:
        """`backward` has raised."""
        roots = _roots(tensors)
        causes: Iterable[Seen] = ()
        if SECOND_TIME in str(error):
            causes = self.inquest.lost_with_their_graph()
        elif roots and not any(root.requires_grad for root in roots):
            causes = self._without_graph()
        self.pending += [Pending(id(error), type(error), cause) for cause in causes]

    def _without_graph(self) -> Iterable[Seen]:
        """Why a loss has no graph: what an optimizer was given, where that can't have one, else what was computed."""
        records = tuple(self.book.records.values())
        hopeless = next(filter(is_hopeless, records), None)
        if hopeless is not None:
            return judge_hopeless(hopeless)
        place, record = self.here(), self.order.cleared_last or next(iter(records), None)
        told = told_of(record) if record is not None else {}
        return [BackwardReachedNothing(place=place, why="no graph", **told)] if place is not None else []

    def cleared(self, optimizer: Optimizer | None) -> None:
        """Gradients were cleared by an optimizer, or by a module."""
        self.order.cleared(optimizer)

    def clipped(self, parameters: Any, bound: float, source: Source | None = None) -> None:
        """Gradients are about to be clipped; `source` is what is known of where the list came from."""
        given = [parameters] if isinstance(parameters, Tensor) else parameters
        if isinstance(given, (list, tuple)) and given:
            self.order.clipped(given[0], float(bound))
        elif source is not None and source.state == "used up" and (place := self.here()) is not None:
            self.tell(IteratorClipped(place=place))
        elif isinstance(given, list) and source is None:
            self._nothing_clipped()

    def _nothing_clipped(self) -> None:
        """Clipping got nothing; torch's own frame knows whether it was given a generator, the user's which iterator."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_name != "clip_grad_norm_":
            frame = frame.f_back
        user = users_frame(self.options.reportable, frame)
        if frame is None or user is None:
            return
        outer = frame.f_back
        while outer is not None and outer.f_code.co_filename == frame.f_code.co_filename:
            outer = outer.f_back  # what torch wraps around it
        direct = outer is user  # else the names in the user's line are not those of this call
        if frame.f_locals.get("is_generator") or (direct and self._walked.note(first_argument(user))):
            self.tell(IteratorClipped(place=span_of(user)))

    def attempted(self, optimizer: Optimizer) -> None:
        """`GradScaler.step` is called; it may skip the step."""
        record = self.book.of(optimizer)
        if record is None:
            return
        record.attempts += 1
        record.skipped += 1
        if record.skipped == SKIPPED and record.place is not None:
            self.tell(Unmoved(place=record.place, why="skipped", dtype="", lr=None, steps=SKIPPED, **told_of(record)))

    def scheduled(self, scheduler: LRScheduler, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """A scheduler steps."""
        record = self.book.of(scheduler.optimizer)
        epoch = arguments[0] if arguments else named.get("epoch")
        if record is None or epoch is not None or scheduler._step_count <= INITIAL_COUNT:
            return
        record.schedules += 1
        if not record.steps or record.early_count == 1:
            self._tell_all(scheduled_early(record, scheduler, self.here()))
        if not record.steps:
            self._tell_all(scheduled_elsewhere(record, scheduler, self.book))

    def loaded(self, optimizer: Optimizer, rates: list[Any]) -> None:
        """`load_state_dict` of an optimizer has run, which had these rates before."""
        record = self.book.of(optimizer)
        if record is not None:
            self._tell_all(judge_loaded(record, optimizer, rates, self.here()))
            state_loaded(record)

    def weights_loaded(self, module: Module) -> None:
        """`load_state_dict` of a module has run."""
        self._tell_all(weights_loaded(module, self.book, self.here))

    def applying(self, module: Module) -> Before:
        """A function is about to be applied to a module and all in it."""
        return values_in(module, self.book)

    def applied(self, before: Before) -> None:
        """It was applied."""
        first_values(self.book)
        self._tell_all(drawn_anew(before, self.here))

    def round_begins(self) -> None:
        """A `DataLoader` begins."""
        self._tell_all(round_begins(self.book, self.here))

    def registered(self, module: Module, name: str, parameter: Tensor) -> None:
        """A module gets a parameter."""
        self.registrations.parameter(module, name, parameter)
        self._wake()
        if not any(record.steps for record in self.book.records.values()):
            return
        frame = _frame_in_forward(self.options.reportable)
        if frame is not None:
            self.leaves.note_fresh(parameter, span_of(frame), (type(module).__name__, name))

    def placed(self, module: Module, name: str, child: Module | None) -> None:
        """A module gets a child."""
        self.registrations.module(module, name, child)
        self._wake()

    def _tell_all(self, observations: Iterable[Seen]) -> None:
        for seen in observations:
            self.tell(seen)


def _roots(tensors: Any) -> tuple[Tensor, ...]:
    if isinstance(tensors, Tensor):
        return (tensors,)
    return (
        tuple(tensor for tensor in tensors if isinstance(tensor, Tensor)) if isinstance(tensors, (list, tuple)) else ()
    )


def _constructors(optimizer: Optimizer) -> frozenset[Any]:
    """The codes of the methods that build an optimizer: the user's line is the one outside of them."""
    functions = (vars(base).get(name) for base in type(optimizer).__mro__ for name in ("__init__", "add_param_group"))
    return frozenset(code for function in functions if (code := getattr(function, "__code__", None)) is not None)


def _frame_in_forward(users: Callable[[str], bool]) -> FrameType | None:
    """The user's line inside a module call that makes something; constructors on the way are part of what is made."""
    frame: FrameType | None = sys._getframe(1)
    found = None
    while frame is not None and frame.f_code is not CALL_CODE:
        if found is None and users(frame.f_code.co_filename) and frame.f_code.co_name != "__init__":
            found = frame
        frame = frame.f_back
    return found if frame is not None else None
