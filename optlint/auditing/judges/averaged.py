"""`AveragedModel` of torch: that it is updated, and from another model than itself, before anybody uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from torch.optim import swa_utils

from optlint.auditing.judges.order import told_of
from optlint.observations import AverageUnused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.nn import Module

    from optlint.auditing.instruments.patches import Patches
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

ENOUGH = 4  # steps after which an average differs from its model


class _Average:
    """One average: where it was built, of what, and what was done with it."""

    def __init__(self, place: Span | None, model: Module) -> None:
        self.place = place
        self.model = ref(model)
        self.updated = False
        self.used_for: OptimizerRecord | None = None  # the optimizer that had trained the model when it was asked


class AveragedModels:
    """All averages that were built under the audit."""

    def __init__(self, book: Book, here: Callable[[], Span | None], tell: Callable[[Seen], None]) -> None:
        self._book = book
        self._here = here
        self._tell = tell
        self._known: WeakKeyDictionary[Module, _Average] = WeakKeyDictionary()
        self._vain: list[_Average] = []  # those that were used before any update

    def install(self, patches: Patches, safely: Callable[..., Any]) -> None:
        """Have the class tell us when one is built, updated, or asked for its output."""

        def told_by(handler: Callable[..., None]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
            def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
                def method(averaged: Module, *arguments: Any, **named: Any) -> Any:
                    result = original(averaged, *arguments, **named)
                    safely(handler, averaged, *arguments, *named.values())
                    return result

                return method

            return wrap

        for name, handler in (("__init__", self._built), ("update_parameters", self._updated), ("forward", self._used)):
            patches.replace(swa_utils.AveragedModel, name, told_by(handler))

    def _built(self, averaged: Module, model: Module, *_: object) -> None:
        self._known[averaged] = _Average(self._here(), model)

    def _updated(self, averaged: Module, model: Module, *_: object) -> None:
        average, place = self._known.get(averaged), self._here()
        if average is None or average.updated:
            return
        average.updated = True
        own, given = next(averaged.parameters(), None), next(model.parameters(), None)
        source = average.model()
        if own is given is not None and place is not None:
            told = told_of(record) if source is not None and (record := self._trainer(source)) is not None else {}
            self._tell(AverageUnused(place=place, why="itself", **told))

    def _used(self, averaged: Module, *_: object) -> None:
        average = self._known.get(averaged)
        if average is None or average.updated or average.used_for is not None:
            return
        source = average.model()
        record = self._trainer(source) if source is not None else None
        if record is not None and record.steps >= ENOUGH and not int(getattr(averaged, "n_averaged", 1)):
            average.used_for = record
            self._vain.append(average)

    def _trainer(self, model: Module) -> OptimizerRecord | None:
        """The optimizer that trains a model."""
        return next((record for parameter in model.parameters() for record in self._book.owning(parameter)), None)

    def at_end(self) -> Iterator[Seen]:
        """Averages that were used and never updated."""
        for average in self._vain:
            if average.used_for is not None and not average.updated and average.place is not None:
                yield AverageUnused(place=average.place, why="never called", **told_of(average.used_for))
