"""Clipping that is asked for by its own bound: `if clip: clip_grad_norm_(parameters, clip)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.machine import Fork
from optlint.flow.order import options
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Act
    from optlint.flow.core.machine import Machine

BOUNDS = ("max_norm", "clip_value")


def is_asked(machine: Machine, clip: Act, branch: object) -> bool:
    """Whether a branch is taken where a bound is set; no line of the file ties that to other options."""
    if not isinstance(branch, tuple) or branch[1:] != (True,):
        return False
    test, bound = _test_of(machine, branch), _bound_of(clip)
    if test is None or bound is None or not (asked := options.named_in(test)):
        return False
    return asked <= options.named_in(bound) and not any(_is_tied(machine, name.rpartition(".")[2]) for name in asked)


def is_refused(machine: Machine, clip: Act, backward: Act) -> bool:
    """Whether the program refuses to clip where it scales: it has options for each, and does not take both."""
    bound = _bound_of(clip)
    ours = _asked_on(machine, clip) | (options.last_names(bound) if bound is not None else frozenset())
    return options.are_refused(machine, ours, _asked_on(machine, backward) | options.switches(machine))


def _asked_on(machine: Machine, act: Act) -> frozenset[str]:
    """The options in all tests on the way to an act."""
    tests = (_test_of(machine, branch) for branch in act.path if isinstance(branch, tuple))
    return frozenset().union(*(options.last_names(test) for test in tests if test is not None))


def _test_of(machine: Machine, branch: tuple[object, ...]) -> ir.Node | None:
    return machine.nodes.get(branch[0].test.origin) if isinstance(branch[0], Fork) else None


def _bound_of(clip: Act) -> ir.Expression | None:
    """The second argument of a call that clips."""
    if not isinstance(clip.node, ir.Call):
        return None
    named = {argument.keyword: argument.value for argument in clip.node.args}
    plain = [argument.value for argument in clip.node.args if argument.keyword is None]
    return next((named[name] for name in BOUNDS if name in named), plain[1] if len(plain) > 1 else None)


def _is_tied(machine: Machine, name: str) -> bool:
    """Whether the file may choose an option by others: `clip = 0 if half else args.clip`."""
    for part in ir.walk_all(machine.block, machine.bodies):
        if isinstance(part, ir.Conditional):
            if options.last_names(part.test) - {name} and name in options.last_names(part):
                return True
        elif isinstance(part, ir.If) and name in options.set_in((*part.body, *part.orelse)):
            return True
    return False
