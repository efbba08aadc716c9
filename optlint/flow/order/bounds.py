"""Clipping that is asked for by its own bound: `if clip: clip_grad_norm_(parameters, clip)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.machine import Fork
from optlint.flow.order import rarely
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Act
    from optlint.flow.core.machine import Machine

BOUNDS = ("max_norm", "clip_value")


def is_asked(machine: Machine, clip: Act, branch: object) -> bool:
    """Whether a branch is taken where a bound is set; no line of the file ties that to other options."""
    if not isinstance(branch, tuple) or branch[1:] != (True,) or not isinstance(branch[0], Fork):
        return False
    test, bound = machine.nodes.get(branch[0].test.origin), _bound_of(clip)
    if test is None or bound is None or not (asked := _options(test)):
        return False
    return asked <= _options(bound) and not any(_is_tied(machine, name.rpartition(".")[2]) for name in asked)


def _bound_of(clip: Act) -> ir.Expression | None:
    """The second argument of a call that clips."""
    if not isinstance(clip.node, ir.Call):
        return None
    named = {argument.keyword: argument.value for argument in clip.node.args}
    plain = [argument.value for argument in clip.node.args if argument.keyword is None]
    return next((named[name] for name in BOUNDS if name in named), plain[1] if len(plain) > 1 else None)


def _options(node: ir.Node) -> frozenset[str]:
    """The dotted names in an expression, but for what they are parts of."""
    name = rarely.words(node) if isinstance(node, ir.Name | ir.Attribute) else None
    if name is not None:
        return frozenset({name})
    return frozenset().union(*map(_options, ir.children(node)))


def _is_tied(machine: Machine, name: str) -> bool:
    """Whether the file may choose an option by others: `clip = 0 if half else args.clip`."""
    for part in ir.walk_all(machine.block, machine.bodies):
        if isinstance(part, ir.Conditional) and _last_names(part.test) - {name} and name in _last_names(part):
            return True
        inner = (*part.body, *part.orelse) if isinstance(part, ir.If) else ()
        if any(name in _last_names(target) for one in inner if isinstance(one, ir.Assign) for target in one.targets):
            return True
    return False


def _last_names(node: ir.Node) -> frozenset[str]:
    return frozenset(option.rpartition(".")[2] for option in _options(node))
