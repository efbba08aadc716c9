"""Whether a part of a model is there to be trained, and surely nobody trains it.

It begins at random, and code does nothing with it but compute; no optimizer has it, and nothing in the program, or in
one that may use what that makes, loads or freezes parameters, or trains them in a way of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.belonging import freezing, held, stale, superseded
from optlint.flow.belonging.contents import Question
from optlint.flow.belonging.fates import fate_of
from optlint.flow.core.acts import STEP, TOUCH
from optlint.flow.core.cells import InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import ClassValue, External, Ref, Value
from optlint.flow.groups.modules import LISTED
from optlint.flow.order import lightning_steps, subjects
from optlint.flow.python import classes
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

# Words of programs in which a part may have its values from elsewhere, or gets them by hand.
KNOWN = re.compile(
    r"from_pretrained|pretrain|load_(?:from_)?(?:checkpoint|model|weights|params|ckpt)|freez|^copy_$|finetun|fine_tun|"
    r"restore|functional_call"
)
LOADS = "load_state_dict"
ELSEWHERE = KNOWN.pattern.replace("^", r"\b").replace("$", r"\b") + r"|requires_grad|param_groups|add_param_group"
# A file that loads something and no optimizer: one that does goes on with what was trained before.
LOADS_ELSEWHERE = rf"(?is)\A(?!.*opt\w*\.{LOADS}).*{LOADS}"


class Suspect(NamedTuple):
    """A part that is left out, the name that it has, where something is computed from it, and the model around it."""

    ref: Ref
    name: str
    used: Site
    model: Ref | None = None


def judge(machine: Machine, optimizer: Ref, suspects: Sequence[Suspect], state: State) -> None:
    """Tell of the parts that an optimizer was not given, nor any other, once all of the program was run."""
    if suspects:
        machine.when_over(lambda: tell(machine, optimizer, suspects, state))


def tell(machine: Machine, optimizer: Ref, suspects: Sequence[Suspect], state: State) -> None:
    """Tell of them, now that all of the program was run."""
    cell = state.get(optimizer, OptimizerCell)
    ran = frozenset().union(*(subjects.reach((one,), state) for one in machine.owned.ran))
    known = [one for one in suspects if one.model is None or one.model in ran]
    wanted = [one for one in known if is_to_be_trained(machine, one.ref, state)]
    left = [one for one in wanted if is_nobodys(machine, optimizer, subjects.reach((one.ref,), state))]
    if cell is not None and left and steps(machine, optimizer):
        names = ", ".join(dict.fromkeys(one.name for one in left))
        machine.emit(events.PartLeftOut(cell.made, cell.name, names, left[0].used))


def is_doubtful(machine: Machine, state: State) -> bool:
    """Whether this program, or one that may use what it makes, loads, freezes or trains something in its own way."""
    words = frozenset().union(*map(machine.mentions, machine.block))
    if freezing.SOMEWHERE in state.marks or any(map(KNOWN.search, words)):
        return True
    loaded = [*_loaded(machine)] if LOADS in words else []
    if loaded and not any(map(subjects.means_optimizer, loaded)):
        return True
    return machine.says_elsewhere(ELSEWHERE) or machine.says_elsewhere(LOADS_ELSEWHERE)


def is_own_way(machine: Machine, node: ir.Node) -> bool:
    """Whether some code loads, freezes or trains something in its own way."""
    words = machine.mentions(node)
    return LOADS in words or any(re.search(ELSEWHERE, word) for word in words)


def _loaded(machine: Machine) -> Iterator[str]:
    """The names of what the file loads a state into, unless that is the one that something else has just then."""
    for node in ir.walk_all(machine.block, machine.bodies):
        func = node.func if isinstance(node, ir.Call) else None
        if isinstance(node, ir.Call) and isinstance(func, ir.Attribute) and func.attr == LOADS and node.args:
            given = node.args[0].value
            if not isinstance(given, ir.Call) or subjects.name_of(given) != "state_dict":
                yield subjects.name_of(func.value)


def is_handled(machine: Machine, cls: Value, name: str, *, tensor: bool) -> bool:
    """Whether code does anything with an attribute of the objects of a class but compute with it."""
    if not isinstance(cls, ClassValue):
        return True
    own = tuple(base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue))
    question = Question(name, held.family(machine, cls) | frozenset(own), tensor, single=tensor)
    block = (*machine.block, *(node for node in own if node not in machine.block))
    words = frozenset().union(*map(machine.mentions, own))
    if any(map(KNOWN.search, words)) or machine.says_elsewhere(rf"(?s)\A(?=.*\.{name}\b).*\bparameters\b"):
        return True
    return fate_of(question, block, machine.bodies, machine.mentions).handled


def is_to_be_trained(machine: Machine, part: Ref, state: State) -> bool:
    """Whether a part surely has parameters that begin at random, and nobody is known to do anything with them."""
    inside = subjects.reach((part,), state)
    cells = [cell for one in inside if isinstance(cell := state.cell(one), InstanceCell)]
    if any(isinstance(cell.cls, External) and not cell.cls.path.startswith("torch.nn.") for cell in cells):
        return False  # who knows with what parameters another package makes its models
    if any((one, mark) in state.marks for one in inside for mark in (LISTED, "switched")):
        return False
    if any(cell.frozen or cell.vague or cell.trainable is False for cell in cells):
        return False
    if not machine.owned.perhaps_frozen.isdisjoint(stale.outwards(part, state)):
        return False
    tensor = state.get(part, TensorCell)
    if freezing.is_trainable(part, state) is not True:
        return False
    return held.trains(part, state) if tensor is None else not tensor.escaped


def is_nobodys(machine: Machine, optimizer: Ref, inside: frozenset[Ref]) -> bool:
    """Whether surely no optimizer was given a part, or anything in it; what one optimizer has is known otherwise."""
    others = [gift for gift in machine.owned.gifts if gift.parts is not None or gift.optimizer != optimizer]
    return all(gift.parts is not None and inside.isdisjoint(gift.parts) for gift in others)


def steps(machine: Machine, optimizer: Ref) -> bool:
    """Whether an optimizer steps, and nobody trains in a way that is not known."""
    steps = [act for act in machine.trace.acts if act.kind == STEP]
    if any(act.kind == TOUCH for act in machine.trace.acts) or superseded.grows_groups(machine):
        return False
    if any(step.subject is None or step.subject.kind != "optimizer" for step in steps):
        return False
    return any(superseded.is_of(step, optimizer) for step in steps) or (
        not steps and lightning_steps.trains_alone(machine)
    )
