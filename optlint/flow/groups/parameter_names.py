"""The names of a model's parameters, and tests of those names: which words match, and which match nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, IteratorCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, Const, Derived, External, Ref, Value
from optlint.flow.frozen import replace
from optlint.flow.groups import modules
from optlint.flow.iterators import consumption
from optlint.flow.iterators.changes import name_of
from optlint.flow.python import containers
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

NORMS = ("Norm", "Norm1d", "Norm2d", "Norm3d")
MOST_NAMES = 2000
DEEPEST = 12
STRING_METHODS: dict[str, Callable[..., object]] = {
    "startswith": str.startswith, "endswith": str.endswith, "lower": str.lower, "upper": str.upper,
    "replace": str.replace, "removeprefix": str.removeprefix, "removesuffix": str.removesuffix, "strip": str.strip,
}  # fmt: skip
REPEATED = re.compile(r"\)[+*{]")  # groups that are repeated; some of these take for ever
SEARCHES = frozenset({"re.match", "re.search", "re.fullmatch"})
# Words for what a net may have none of: they then do no harm.
TRAITS = {"bias": ("bias",), "norm": ("norm", "ln", "bn", "gamma", "beta")}


def names_of(module: Ref, state: State) -> tuple[str, ...] | None:
    """The names of all parameters of a module, in the order of `named_parameters()`; None if one is unknown."""
    found: list[str] = []
    for name in _names(module, "", state, set(), 0):
        if name is None or len(found) > MOST_NAMES:
            return None
        found.append(name)
    return tuple(found)


def _names(module: Ref, prefix: str, state: State, seen: set[Ref], depth: int) -> Iterator[str | None]:
    cell = state.get(module, InstanceCell)
    if module in seen:
        return
    seen.add(module)
    children = modules.children_of(module, state)
    if cell is not None and cell.names is not None:
        yield from (prefix + name for name in cell.names)
    elif cell is None or cell.layout is not None or children is None or depth > DEEPEST:
        yield None
    else:
        named = [(name, value) for name, value in (*cell.attrs, *(cell.children or ())) if isinstance(value, Ref)]
        for name, value in named:
            tensor = state.get(value, TensorCell)
            if tensor is not None and tensor.parameter and value not in seen:
                seen.add(value)
                yield prefix + name
        for name, value in named:
            if value in children:
                yield from _names(value, f"{prefix}{name}.", state, seen, depth + 1)


def told_apart(machine: Machine, made: IteratorCell, module: Ref, state: State) -> IteratorCell:
    """`named_parameters()` with the names that it gives, where all are known."""
    names = names_of(module, state) if made.kind == "named_parameters" and made.layers is not None else None
    pair = state.get(made.item, SequenceCell)
    if names is None or pair is None or pair.items is None or made.layers is None or len(names) != len(made.layers):
        return made
    traits = {"bias"} if any(one.endswith("bias") for one in names) else set()
    traits |= {"norm"} if _has_norms(module, state, 0) or any("norm" in one for one in names) else set()
    name = Derived(made.layers, tuple(Const(one) for one in names), traits=frozenset(traits))
    return replace(made, item=containers.sequence(machine, state, "tuple", made.made, (name, pair.items[1])))


def _has_norms(module: Ref, state: State, depth: int) -> bool:
    """Whether any layer of a module is a normalisation."""
    cell = state.get(module, InstanceCell)
    if cell is not None and isinstance(cell.cls, External) and cell.cls.path.endswith(NORMS):
        return True
    children = modules.children_of(module, state) or ()
    return depth < DEEPEST and any(_has_norms(child, state, depth + 1) for child in children)


def _texts(value: Value) -> tuple[str, ...] | None:
    """The texts of a value that is one for each parameter."""
    if not isinstance(value, Derived):
        return None
    found = [part.value for part in value.values if isinstance(part, Const) and isinstance(part.value, str)]
    return tuple(found) if len(found) == len(value.values) else None


def verdict(value: Value) -> tuple[bool, ...] | None:
    """The answers of a test, one for each parameter."""
    if not isinstance(value, Derived):
        return None
    found = [part.value for part in value.values if isinstance(part, Const) and isinstance(part.value, bool)]
    return tuple(found) if len(found) == len(value.values) else None


def _answers(names: Derived, texts: tuple[str, ...], answers: tuple[bool, ...]) -> Derived:
    return replace(names, values=tuple(Const(answer) for answer in answers), names=texts)


def compared(machine: Machine, left: Value, op: str, right: Value, node: ir.Comparison, state: State) -> Value:
    """`word in name`, `name in words`, `name == word`: an answer for each parameter."""
    mine, theirs = _texts(left), _texts(right)
    if mine is not None and isinstance(left, Derived):
        return _name_compared(machine, left, mine, op, right, node, state)
    if theirs is None or op not in ("in", "not in") or not isinstance(right, Derived):
        return UNKNOWN
    if not isinstance(left, Const) or not isinstance(left.value, str):
        return UNKNOWN
    matched = tuple(left.value in name for name in theirs)
    if isinstance(node.left, ir.Literal):
        _tell(machine, machine.site(node.left), (left.value,), right, matched)
    return _answers(right, theirs, matched if op == "in" else tuple(not answer for answer in matched))


def _name_compared(
    machine: Machine, left: Derived, names: tuple[str, ...], op: str, right: Value, node: ir.Comparison, state: State
) -> Value:
    """A test of whole names."""
    words = _words(right, state)
    if words is None or op not in ("in", "not in", "==", "!="):
        return UNKNOWN
    if op in ("==", "!="):
        words = words if isinstance(right, Const) else None
        matched = tuple(name in words for name in names) if words else None
    elif isinstance(right, Const):
        matched = tuple(name in str(right.value) for name in names)
    else:
        matched = tuple(name in words for name in names)
    if matched is None or not words:
        return UNKNOWN
    _tell(machine, machine.site(node.left), words, left, matched, whole=True)
    return _answers(left, names, matched if op in ("in", "==") else tuple(not answer for answer in matched))


def _words(value: Value | None, state: State) -> tuple[str, ...] | None:
    """One word, or the words of a list that is known one by one."""
    if value is None:
        return None
    items = (value,) if isinstance(value, Const) else containers.exact_items(value, state)
    found = [item.value for item in items or () if isinstance(item, Const) and isinstance(item.value, str)]
    return tuple(found) if items is not None and len(found) == len(items) else None


def method(machine: Machine, receiver: Derived, name: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`name.startswith("head")`: the same for each name."""
    names, function = _texts(receiver), STRING_METHODS.get(name)
    given = [_words(value, state) for value in arguments.values]
    if names is None or function is None or None in given or arguments.keywords or arguments.open:
        return UNKNOWN
    pairs = zip(given, arguments.values, strict=True)
    words = [part[0] if isinstance(value, Const) else part for part, value in pairs if part]
    if len(words) != len(given):
        return UNKNOWN
    results = tuple(function(one, *words) for one in names)
    answers = tuple(result for result in results if isinstance(result, bool))
    if len(answers) == len(results) and answers and given and given[0] is not None:
        _tell(machine, machine.site(node), given[0], receiver, answers)
    return replace(receiver, names=names, values=tuple(Const(result) for result in results))


def searched(machine: Machine, path: str, arguments: Arguments, node: ir.Call, _: State) -> Value:
    """`re.match(pattern, name)`: whether something is found in each name."""
    names, pattern = arguments.pick(1, "string"), arguments.pick(0, "pattern")
    texts = _texts(names) if names is not None else None
    if texts is None or not isinstance(names, Derived) or not isinstance(pattern, Const) or len(arguments.all()) != 2:
        return UNKNOWN
    matched = _found(path.rpartition(".")[2], pattern.value, texts)
    if matched is None:
        return UNKNOWN
    _tell(machine, machine.site(node), (str(pattern.value),), names, matched)
    return _answers(names, texts, matched)


def _found(function: str, pattern: object, texts: tuple[str, ...]) -> tuple[bool, ...] | None:
    """The answers of a function of `re`; None for patterns that might take for ever."""
    if not isinstance(pattern, str) or REPEATED.search(pattern):
        return None
    try:
        search = getattr(re.compile(pattern), function)
    except (re.error, OverflowError, RecursionError):
        return None
    return tuple(search(text) is not None for text in texts)


def negated(value: Derived) -> Value:
    """`not answer`."""
    answers = verdict(value)
    return UNKNOWN if answers is None else _answers(value, value.names, tuple(not answer for answer in answers))


def combined(machine: Machine, value: Value, every: bool, state: State) -> Value:
    """`any(word in name for word in words)`, or `all(word not in name …)`: told if none of the words matches."""
    cell = state.get(value, IteratorCell)
    items = cell.items if cell is not None else None
    answers = [found for item in items or () if (found := verdict(item)) is not None]
    if cell is None or not items or len(answers) != len(items):
        return UNKNOWN
    first, source = items[0], cell.walked
    assert isinstance(first, Derived)
    columns = [*zip(*answers, strict=True)]
    results = tuple(all(column) if every else any(column) for column in columns)
    words, texts = state.get(source, SequenceCell) if source is not None else None, _words(source, state)
    if words is not None and words.made is not None and texts:
        matched = tuple(not result for result in results) if every else results
        _tell(machine, words.made, texts, first, matched, given=source)
    return _answers(first, first.names, results)


def _tell(
    machine: Machine, site: Site, words: tuple[str, ...], names: Derived, matched: tuple[bool, ...], *,
    whole: bool = False, given: Value | None = None,
) -> None:  # fmt: skip
    """Tell of words that match no parameter, where who writes them knows the model and chooses parameters by them."""
    frame = machine.frame
    while isinstance(frame.node, ir.Lambda) and frame.caller is not None:
        frame = frame.caller
    generic = bool(frame.given) and given not in frame.given
    missing = [part for trait, parts in TRAITS.items() if trait not in names.traits for part in parts]
    idle = [any(part in word.lower() for part in missing) for word in words]
    harmless = all(idle) if whole else any(idle)
    condition = frame.condition
    looks = condition is not None and not _chooses(condition)
    if frame.node is not None and matched:
        machine.names_seen.setdefault(frame.node, []).append(any(matched))
    if not matched or any(matched) or machine.claiming or harmless or looks:
        return
    if _asks_again(machine, frame.node, condition, words, given):
        return
    if generic:
        _tell_of_helper(machine, frame.node, events.NamesUnmatched(site, words, whole))
    else:
        machine.emit(events.NamesUnmatched(site, words, whole))


def _tell_of_helper(machine: Machine, node: ir.Node | None, event: events.NamesUnmatched) -> None:
    """Tell of words in a function that is given its model, if one place calls it and no word in it ever matches."""
    key = (event.site.origin, "names")
    if isinstance(node, ir.Function) and key not in machine.flagged and _is_called_once(machine, node):
        machine.flagged.add(key)
        machine.when_over(lambda: None if any(machine.names_seen[node]) else machine.emit(event))


def _is_called_once(machine: Machine, node: ir.Function) -> bool:
    """Whether a function of the file is mentioned nowhere but in one call."""
    found = [*ir.walk_all(machine.block, machine.bodies)]
    calls = {part.func for part in found if isinstance(part, ir.Call) and name_of(part.func) == node.name}
    mentions = {part for part in found if isinstance(part, ir.Name | ir.Attribute) and name_of(part) == node.name}
    return len(calls) == 1 and mentions <= calls


def _chooses(node: ir.If) -> bool:
    """Whether a condition decides what becomes of a parameter, not only what is printed or computed from it."""
    statements = (*node.body, *node.orelse)
    return any(isinstance(one, ir.Continue | ir.Break) or consumption.writes(one) for one in statements)


def _asks_again(
    machine: Machine, function: ir.Node | None, choice: ir.If | None, words: tuple[str, ...], given: Value | None
) -> bool:
    """Whether a function asks later what was chosen by these words, since it may be nothing."""
    block = machine.bodies(function) if isinstance(function, ir.Function) else machine.block
    parts = [*ir.walk_all(block, machine.bodies)]
    calls = (part.func for one in (choice.body if choice else ()) for part in ir.walk(one) if isinstance(part, ir.Call))
    owners = (func.value for func in calls if isinstance(func, ir.Attribute) and func.attr in ("append", "extend"))
    made = (one for one in parts if isinstance(one, ir.Assign) and _is_chosen_by(machine, one.value, words, given))
    targets = (*owners, *(target for one in made for target in one.targets))
    chosen = {target.id for target in targets if isinstance(target, ir.Name)}
    asking = (one for one in parts if isinstance(one, ir.If | ir.Conditional) and one is not choice)
    return any(isinstance(part, ir.Name) and part.id in chosen for one in asking for part in ir.walk(one.test))


def _is_chosen_by(machine: Machine, value: ir.Expression | None, words: tuple[str, ...], given: Value | None) -> bool:
    """Whether a list is made by asking for these words."""
    if not isinstance(value, ir.Comprehension):
        return False
    tests = (part for clause in value.clauses for test in clause.tests for part in ir.walk(test))
    return any(
        part.value in words
        if isinstance(part, ir.Literal)
        else given is not None and machine.values.get(part.origin) == given
        for part in tests
    )
