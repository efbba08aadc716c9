"""Parameters that were frozen when an optimizer took all that could be trained, and can be trained since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import stale, superseded
from optlint.flow.core.acts import STEP, Act
from optlint.flow.core.cells import OptimizerCell
from optlint.flow.order import subjects, trace

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.records import Gift
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Ref

THAWED = "thawed"


def switched_on(machine: Machine, act: Act, frozen: str, parts: tuple[Ref, ...], state: State) -> None:
    """Gradients of some parts are switched on; acts of the kind `frozen` switch gradients off."""
    around = frozenset(one for part in parts for one in (part, *stale.outwards(part, state)))
    inside = subjects.reach(parts, state)
    gifts = [gift for gift in machine.owned.gifts if gift.frozen & (inside | around)]
    time = machine.counter.last

    def settle(last: State) -> None:
        cells = {gift: cell for gift in gifts if (cell := last.get(gift.optimizer, OptimizerCell))}

        def verdict() -> None:
            for gift, cell in cells.items():
                mine = inside | around if gift.frozen & around else inside & gift.frozen
                if _steps_next(machine, act, gift, frozen) and not _is_given(machine, act, gift, mine, time):
                    _tell(machine, act, gift, cell)

        machine.when_over(verdict)

    if gifts:
        machine.when_settled(settle)


def _steps_next(machine: Machine, act: Act, gift: Gift, frozen: str) -> bool:
    """Whether the optimizer steps before anything is frozen again."""
    found = trace.first_after(
        act, lambda one: one.kind == frozen or (one.kind == STEP and superseded.is_of(one, gift.optimizer))
    )
    return bool(found.acts) and all(one.kind == STEP for one in found.acts)


def _is_given(machine: Machine, act: Act, mine: Gift, parts: frozenset[Ref], time: int) -> bool:
    """Whether any optimizer may have what can be trained now, or get it by hand."""
    reached = trace.reached_from(act)
    for gift in machine.owned.gifts:
        later = gift.time > time
        hidden = gift.parts is None and not (later and superseded.is_apart(machine, gift, reached, time))
        has_it = gift.parts is not None and gift.parts & parts and (later or not gift.frozen)
        if gift is not mine and (hidden or has_it or (later and gift.optimizer == mine.optimizer)):
            return True
    by_hand = "add_param_group" in machine.readings().attributes or superseded.grows_groups(machine)
    return by_hand or machine.says_elsewhere(r"\badd_param_group\b")


def _tell(machine: Machine, act: Act, gift: Gift, cell: OptimizerCell) -> None:
    file = machine.frame.unit.file
    site = next((site for _, site in act.trail if site.file is file), act.site)  # a helper of another file is no cause
    if site is not None and (site.origin, THAWED) not in machine.flagged:
        machine.flagged.add((site.origin, THAWED))
        machine.emit(events.ThawedLeftOut(site, cell.name, cell.made))
