"""When which judgement is due: after a look, when an optimizer is built again, at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from optlint.auditing.instruments.norms import gradient_norm, spread_samples, update_ratio
from optlint.auditing.judges import births, judge
from optlint.auditing.judges.causes import cause_of, summary_of_leaf
from optlint.auditing.judges.idle import judge_without_backward
from optlint.auditing.judges.order import probe_of, steps_are_hooked, told_of
from optlint.auditing.judges.rates import judge_assignments
from optlint.auditing.judges.schedules import forgotten_groups
from optlint.auditing.judges.stepping import nobody_steps
from optlint.auditing.judges.suspects import judge_untrained
from optlint.auditing.judges.swapped import Swapped
from optlint.auditing.judges.ties import judge_ties
from optlint.auditing.judges.unowned import FRESH_WALKS
from optlint.auditing.memory.hyperparameters import rates_of
from optlint.auditing.memory.models import ModelMap
from optlint.auditing.memory.samples import take_sample
from optlint.auditing.memory.summaries import TimelinePoint
from optlint.auditing.memory.uses import parameter_places
from optlint.observations import OptimizerRebuilt, RoundsSeen, SteppedTwice, Unowned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.optim import Optimizer

    from optlint.auditing.judges.averages import Averages
    from optlint.auditing.judges.causes import Cause
    from optlint.auditing.judges.suspects import Suspects
    from optlint.auditing.judges.unowned import LeafRecord, Leaves
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

REBUILT = 3
TWICE = 3
WITHOUT_BACKWARD = 6  # steps: by then the modules were watched
UNSTEPPED = 4
UNCLEARED_UNSTEPPED = 8
WALKS = 2  # in how many walks a leaf must be seen
AFTER_STEPS = 2  # for how many steps a leaf must stay as it is
POINTS = 1000
TIES_AT = (1, 3)  # steps
FIRST_POINT = 32  # the step from which each look leaves a point on the timeline


class Inquest:
    """Calls the judges and tells what they say."""

    def __init__(
        self, book: Book, leaves: Leaves, watches: tuple[Suspects, Averages], tell: Callable[[Seen], None]
    ) -> None:
        self._book = book
        self._leaves = leaves
        self.suspects, self.averages = watches
        self._tell = tell
        self._swapped = Swapped(book)
        self._last_at: dict[Span, OptimizerRecord] = {}
        self._streaks: dict[Span, int] = {}
        self.timeline: list[TimelinePoint] = []

    def judge(self, record: OptimizerRecord, optimizer: Optimizer, bad_loss: bool) -> None:
        """What a look after a step has shown."""
        self._all(self._after_look(record, optimizer))
        self.suspects.after_look(record)
        self._all(self.averages.after_look(record))
        self._read_values(record, bad_loss)

    def _after_look(self, record: OptimizerRecord, optimizer: Optimizer) -> Iterator[Seen]:
        """In a healthy training next to nothing is asked."""
        if record.steps >= AFTER_STEPS and (record.lacking or not record.parameters):
            yield from births.missed_by_used_iterators(record, self._book, self._leaves, final=False)
            yield from births.nothing_given(record, self._book, self._leaves)
        if record.odd:
            yield from judge.judge_tensors(record, final=False)
        if record.stale:
            yield from judge.judge_frozen(record)
        if record.still:
            yield from judge.judge_effect(record)
        yield from judge.judge_rates(record, final=False)
        yield from judge_assignments(record, optimizer)
        yield from forgotten_groups(record)
        if record.steps in TIES_AT:
            yield from judge_ties(record)
        if self._leaves.any:
            yield from self.unowned(record, final=False)
        if record.bare:
            yield from self._swapped.judge(record)
            yield from judge_untrained(record, final=False)

    @property
    def misses_nobody(self) -> bool:
        """Whether all that losses have reached up to now belongs to an optimizer."""
        return not self._leaves.any

    def at_end(self, record: OptimizerRecord, failed: bool) -> Iterator[Seen]:
        """What only the whole life of an optimizer shows; its tensors may be gone, the program may have failed."""
        yield from births.missed_by_used_iterators(record, self._book, self._leaves, final=True)
        if failed:
            return
        yield from judge.judge_tensors(record, final=True)
        if record.still:
            yield from judge.judge_effect(record, final=True)
        yield from judge.judge_rates(record, final=True)
        yield from judge_untrained(record, final=True)
        yield from self._unstepped(record)
        yield from self.unowned(record, final=True)

    def _all(self, observations: Iterator[Seen]) -> None:
        for seen in observations:
            self._tell(seen)

    def _read_values(self, record: OptimizerRecord, bad_loss: bool) -> None:
        before, record.update_samples = record.update_samples, {}
        due = record.steps >= record.next_values
        norm = ratio = None
        if due or bad_loss:
            record.next_values = _next_values(record.steps)
            norm = gradient_norm(record)
            if before and record.updates_from == record.steps - 1:
                ratio = update_ratio(before, spread_samples(record))
            if not record.gone and (norm is None or not math.isfinite(norm)):
                self._all(judge.judge_values(record))
        elif record.steps == record.next_values - 1:
            record.update_samples, record.updates_from = spread_samples(record), record.steps
        if len(self.timeline) < POINTS and (due or record.steps >= FIRST_POINT):
            rates = tuple(rates_of(record))
            self.timeline.append(TimelinePoint(record.steps, record.index, rates, norm, ratio))

    def rebuilt(self, record: OptimizerRecord) -> None:
        """An optimizer was built: is it the same one again, after a single step?"""
        place = record.place
        if place is None:
            return
        before = self._last_at.get(place)
        self._last_at[place] = record
        again = before is not None and _continues(before, record)
        self._streaks[place] = self._streaks.get(place, 0) + 1 if again else 0
        if self._streaks[place] == REBUILT:
            self._tell(OptimizerRebuilt(place=place, times=self._streaks[place] + 1, steps_each=1, **told_of(record)))

    def stepped_twice(self, record: OptimizerRecord, backwards: int) -> None:
        """Whether another optimizer has stepped the same parameters since the last backward."""
        probe, previous = probe_of(record), record.last_backward
        record.last_backward = backwards
        others = self._book.owning(probe) if probe is not None and backwards else ()
        if len(others) < 2 or probe is None or probe.grad is None or previous == backwards:
            return
        for other in others:
            family = id(other.ref()) in record.outer or id(record.ref()) in other.outer
            if other is record or family or other.last_backward != backwards or record.place is None:
                continue
            record.twice_rounds += 1
            if record.twice_rounds >= TWICE and other.place is not None and bool(probe.grad.any()):
                shared = [known.label for key, known in record.parameters.items() if key in other.parameters]
                told = {"other": other.label, "other_place": other.place, **told_of(record)}
                self._tell(SteppedTwice(place=record.place, parameters=tuple(shared), **told))
            return
        record.twice_rounds = 0

    def without_backward(self, record: OptimizerRecord, backwards: int) -> None:
        """Whether steps go on and on, and no backward has run since the first one."""
        if record.steps == 1:
            record.first_backwards = backwards
        elif record.steps == WITHOUT_BACKWARD and backwards == record.first_backwards:
            self._all(judge_without_backward(record))

    def never_stepped(self, long: int) -> Iterator[Seen]:
        """Optimizers that wait for their first step for long; told at once where none at all has stepped."""
        waiting = [record for record in self._book.records.values() if record.reached_ever >= long and not record.steps]
        idle = not any(record.steps or record.attempts for record in self._book.all)
        for record in waiting:
            record.watched = False  # until it steps
            if idle and record.dropped >= long // 2:
                yield from self._unstepped(record)

    def unstepped_by_anybody(self) -> Iterator[Seen]:
        """Optimizers that wait for their first step in vain: no line of the user's code can take it."""
        waiting = [record for record in self._book.records.values() if record.reached_ever and not record.steps]
        for record in waiting:
            optimizer = record.ref()
            if optimizer is not None and nobody_steps(optimizer):
                yield from self._unstepped(record)

    def _unstepped(self, record: OptimizerRecord) -> Iterator[Seen]:
        enough = record.reached_ever >= (UNSTEPPED if record.dropped > 1 else UNCLEARED_UNSTEPPED)
        if record.steps or record.attempts or not record.built_here or not enough or record.place is None:
            return
        kind = record.kind()
        if kind is None or not steps_are_hooked(kind):
            return
        stepped_by_others = {
            identity for other in self._book.all if other is not record and other.steps for identity in other.parameters
        }
        probe = probe_of(record)
        now = take_sample(probe) if probe is not None else None
        if now is None or record.probe_sample is None or not torch.equal(now, record.probe_sample):
            return
        if stepped_by_others.isdisjoint(record.parameters):
            yield RoundsSeen(place=record.place, unstepped=record.reached_ever, **told_of(record))

    def unowned(self, record: OptimizerRecord, final: bool) -> Iterator[Seen]:
        """Leaves that the losses of this optimizer reach and that nobody trains."""
        if not record.steps or record.place is None:
            return
        yield from self._made_in_forward(record)
        found = [pair for pair in self._leaves.untrained(final) if self._is_due(pair[1], record, final)]
        if not found:
            return
        models = ModelMap(self._book.model() if self._book.model is not None else None)
        causes: dict[tuple[str, str, Span | None], list[Cause]] = {}
        for leaf, one in found:
            one.told = True
            cause = cause_of(leaf, record, models, self._book)
            name = cause.name if cause is not None else models.names.get(id(leaf))
            one.summary = summary_of_leaf(leaf, name, cause) if name is not None else None
            if cause is not None:
                one.cause = cause
                causes.setdefault((cause.why, cause.holder, cause.place), []).append(cause)
        for (why, holder, place), alike in causes.items():
            names = tuple(sorted(cause.name for cause in alike))
            yield Unowned(
                place=place or record.place, why=why, holder=holder, parameters=names, **told_of(record)
            )  # fmt: skip

    def lost_with_their_graph(self) -> Iterator[Seen]:
        """Parameters of which a module keeps only what was computed from them: one backward frees that graph."""
        for record in tuple(self._book.records.values()):
            found = self.unowned(record, final=True)
            yield from (seen for seen in found if isinstance(seen, Unowned) and seen.why == "computed")

    def _is_due(self, one: LeafRecord, record: OptimizerRecord, final: bool) -> bool:
        alone = not one.together and not record.reached_ever
        if (
            id(record) not in one.together
            and not alone
            and any(tensor.grad is not None for _, tensor in record.tensors)
        ):
            return False
        first = one.since.setdefault(id(record), record.steps)
        return (final and not one.fresh) or (record.steps - first >= AFTER_STEPS and one.walks >= WALKS)

    def _made_in_forward(self, record: OptimizerRecord) -> Iterator[Seen]:
        for place, names in self._leaves.made_in_forward():
            yield _made(record, place, names[0][0], tuple(map(".".join, names)))
        root = record.root() if record.root is not None else None
        if self._leaves.strange_walks >= FRESH_WALKS and root is not None:
            places = parameter_places(dict.fromkeys(type(module) for module in root.modules()))
            if len(places) == 1:
                place, name = places[0]
                yield _made(record, place, "Parameter", (name,) if name else ())


def _made(record: OptimizerRecord, place: Span, holder: str, names: tuple[str, ...]) -> Unowned:
    return Unowned(place=place, why="made in forward", holder=holder, parameters=names, **told_of(record))


def _continues(before: OptimizerRecord, record: OptimizerRecord) -> bool:
    """Whether `record` goes on where `before` was dropped after one step, with nothing put back in between."""
    tensor = probe_of(record)
    if before.steps != 1 or not before.stateful or tensor is None or probe_of(before) is not tensor:
        return False
    known = before.parameters.get(id(tensor))
    now = take_sample(tensor)
    same_size = len(before.parameters) == len(record.parameters)
    return (
        same_size
        and known is not None
        and known.sample is not None
        and now is not None
        and torch.equal(now, known.sample)
    )


def _next_values(step: int) -> int:
    """The step at which values are read again: they cost the most, so more rarely as the steps grow in number."""
    return 10 if step < 10 else 100 if step < 100 else step + max(1000, step // 4)
