"""The options of a program, by the names that its expressions give them, and which of them a file refuses together.

`assert not (amp and clip)`, `if amp and clip: raise ...`, or `clip = None` there; `if amp: assert clip is None`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optlint.flow.order import rarely
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine

ENDS = frozenset({"error", "exit", "_exit", "fail", "skip"})  # of argparse, sys and tests
SWITCH = "enabled"  # of scalers and `autocast`
BOTH = r"(?=[^\n]*\b(?:{one})\b)(?=[^\n]*\b(?:{other})\b)"
# An assertion that names an option of each kind, or a test whose branch raises or leaves the program.
REFUSED = rf"(?m)^[ \t]*(?:assert\b{BOTH}|(?:el)?if\b{BOTH}[^\n]*\n[ \t]*(?:raise|[\w.]*\b(?:error|exit)\b))"


def named_in(node: ir.Node) -> frozenset[str]:
    """The dotted names in an expression, but for what they are parts of."""
    name = rarely.words(node) if isinstance(node, ir.Name | ir.Attribute) else None
    if name is not None:
        return frozenset({name})
    return frozenset().union(*map(named_in, ir.children(node)))


def last_names(node: ir.Node) -> frozenset[str]:
    """The last parts of these names: those of the options themselves."""
    return frozenset(option.rpartition(".")[2] for option in named_in(node))


def set_in(block: ir.Block) -> frozenset[str]:
    """The options that some statements assign to."""
    targets = (target for part in block if isinstance(part, ir.Assign) for target in part.targets)
    return frozenset().union(*map(last_names, targets))


def switches(machine: Machine) -> frozenset[str]:
    """The options that switch scaling on, wherever the file says `enabled=`."""
    calls = (part for part in ir.walk_all(machine.block, machine.bodies) if isinstance(part, ir.Call))
    given = (argument for call in calls for argument in call.args if argument.keyword == SWITCH)
    return frozenset().union(*(last_names(argument.value) for argument in given))


def are_refused(machine: Machine, ones: frozenset[str], others: frozenset[str]) -> bool:
    """Whether the file, or one that may use it, refuses one of these options together with one of the others."""
    ones, others = ones - others, others - ones
    if not ones or not others:
        return False
    if any(not refused.isdisjoint(ones) and not refused.isdisjoint(others) for refused in _refused(machine)):
        return True
    one, other = ("|".join(map(re.escape, sorted(names))) for names in (ones, others))
    return machine.says_elsewhere(REFUSED.format(one=one, other=other))


def _refused(machine: Machine) -> Iterator[frozenset[str]]:
    """The options in each test that something must not pass."""
    yield from _refused_in(machine, machine.block, frozenset())


def _refused_in(machine: Machine, block: ir.Block, around: frozenset[str]) -> Iterator[frozenset[str]]:
    for node in block:
        if isinstance(node, ir.Assert):
            yield around | last_names(node.test)
        elif isinstance(node, ir.If):
            named = around | last_names(node.test)
            if _ends(node.body) or not named.isdisjoint(set_in(node.body)):
                yield named
            yield from _refused_in(machine, (*node.body, *node.orelse), named)
        elif isinstance(node, ir.Function):
            yield from _refused_in(machine, machine.bodies(node), frozenset())
        else:
            yield from _refused_in(machine, _blocks_of(node), around)


def _blocks_of(node: ir.Node) -> ir.Block:
    """The statements inside a loop, a `with`, a `try` or a class."""
    if isinstance(node, ir.Try):
        handled = (part for handler in node.handlers for part in handler.body)
        return (*node.body, *handled, *node.orelse, *node.final)
    if isinstance(node, ir.For | ir.While):
        return (*node.body, *node.orelse)
    return node.body if isinstance(node, ir.With | ir.Class) else ()


def _ends(block: ir.Block) -> bool:
    """Whether a branch does not go on: it raises, or leaves the program."""
    last = block[-1] if block else None
    if isinstance(last, ir.Evaluate) and isinstance(last.value, ir.Call):
        name = rarely.words(last.value.func) or ""
        return name.rpartition(".")[2] in ENDS
    return isinstance(last, ir.Raise)
