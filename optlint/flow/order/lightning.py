"""The optimizers of a `LightningModule`: `self.optimizers()` gives what `configure_optimizers` returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, MappingCell, OptimizerCell, SequenceCell
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import ClassValue, Closure, External, Ref, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.order.lightning_steps import BASE, BY_HAND, CONFIGURES, STEP
from optlint.flow.python import attributes, classes, containers
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

ASKS = "optimizers"
HELD = "<optimizers>"  # an attribute that no code can name
DEEPEST = 3


def configure(machine: Machine, method: Closure, state: State) -> None:
    """A method is about to run that asks for the optimizers: they are made before, once."""
    ref, cls = method.bound, method.owner
    if not isinstance(ref, Ref) or cls is None or ASKS not in machine.mentions(method.node):
        return
    found = classes.find(cls, CONFIGURES, state) if BASE in classes.ancestry(cls) else None
    if found is None or not isinstance(found[0], Closure) or classes.find(cls, ASKS, state) is not None:
        return
    call = ir.Call(method.node.origin, method.node, ())
    given = machine.call(replace(found[0], bound=ref), Arguments((), {}, (), {}), call, state)
    known = tuple(_optimizers_in(given, state))
    if known:
        site = machine.site(method.node)
        held = known[0] if len(known) == 1 else containers.sequence(machine, state, "list", site, known)
        attributes.store(ref, HELD, held, state)


def is_batch(closure: Closure, parameter: ir.Parameter) -> bool:
    """Whether Lightning gives a method what a data loader gave: no gradients flow into that."""
    given = closure.node.parameters[1:2] if getattr(closure.node, "name", "") == STEP else ()
    return parameter in given and closure.owner is not None and BASE in classes.ancestry(closure.owner)


def goes_backward(machine: Machine) -> bool:
    """Whether Lightning computes gradients of what the running function returns, and steps by itself."""
    frame = machine.frame
    if frame is not machine.trace.root or frame.owner is None or getattr(frame.node, "name", "") != STEP:
        return False
    family = [cls for cls in machine.classes if frame.owner in classes.ancestry(cls)]
    bases = {base for cls in family for base in classes.ancestry(cls)}
    own = [base.node for base in bases if isinstance(base, ClassValue)]
    plain = all(isinstance(base, ClassValue) or base == BASE or _is_plain(base) for base in bases)
    return plain and BASE in bases and all(BY_HAND.isdisjoint(machine.mentions(node)) for node in own)


def _is_plain(base: Value) -> bool:
    return isinstance(base, External) and base.path.startswith(("builtins.", "abc.", "typing.", "torch.nn."))


def optimizers_of(cell: InstanceCell) -> Value | None:
    """What `self.optimizers()` gives, if that is known."""
    return cell.get(HELD) if isinstance(cell.cls, ClassValue) else None


def _optimizers_in(value: Value, state: State, depth: int = 0) -> Iterator[Ref]:
    """The optimizers in what `configure_optimizers` returns, in order; one that may be another is left out."""
    cell = state.cell(value)
    if isinstance(cell, OptimizerCell) and isinstance(value, Ref):
        yield value
    elif isinstance(cell, SequenceCell) and depth < DEEPEST and len(options_of(value)) == 1:
        for item in cell.items or ():
            yield from _optimizers_in(item, state, depth + 1)
    elif isinstance(cell, MappingCell) and (entry := cell.get("optimizer")) is not None:
        yield from _optimizers_in(entry.value, state, depth + 1)
