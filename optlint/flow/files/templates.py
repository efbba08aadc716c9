"""Methods that a class inherits from another file and that call what it defines anew: only with it they are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.values import ClassValue, Closure
from optlint.flow.files import foreign
from optlint.flow.python import classes
from optlint.flow.reading import ir, relevance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


def of(machine: Machine, cls: ClassValue, state: State) -> Iterator[Closure]:
    """Those of them that deal with training, but for long ones and those that another of them calls."""
    own, inherited = _methods(machine, cls)
    leading = _leading_to(own.keys(), inherited)
    training = relevance.spread_over({**inherited, **own}, frozenset())
    chosen = leading & training
    for name in sorted(chosen):
        found = classes.find(cls, name, state)
        outer = not any(name in inherited[other] for other in chosen - {name})
        if outer and found is not None and isinstance(found[0], Closure) and not foreign.is_very_long(found[0]):
            yield found[0]


def _methods(machine: Machine, cls: ClassValue) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """The words in each method that the file defines for a class, and in each that the class has from other files."""
    here = {known.node for known in machine.classes}
    own: dict[str, frozenset[str]] = {}
    inherited: dict[str, frozenset[str]] = {}
    for base in classes.ancestry(cls):
        for node in base.node.body if isinstance(base, ClassValue) else ():
            if isinstance(node, ir.Function) and node.name not in own:
                methods = own if isinstance(base, ClassValue) and base.node in here else inherited
                methods.setdefault(node.name, machine.mentions(node))
    return own, {name: words for name, words in inherited.items() if not name.startswith("__")}


def _leading_to(names: Set[str], methods: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names of methods that call one of these, directly or not."""
    found: frozenset[str] = frozenset()
    while more := {name for name, words in methods.items() if not words.isdisjoint(names | found)} - found:
        found |= more
    return found
