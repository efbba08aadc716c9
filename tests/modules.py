"""The modules of a package as syntax trees: who imports whom, how long things are, what is mutable."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_TYPES = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"})
MUTATORS = frozenset({"append", "appendleft", "extend", "insert", "add", "update", "setdefault"})
MUTATORS |= {"remove", "discard", "pop", "popitem", "popleft", "clear", "sort", "reverse"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Module(NamedTuple):
    """One module: its dotted name, whether it is a package's `__init__`, and its syntax tree."""

    name: str
    is_package: bool
    tree: ast.Module
    line_count: int

    def imports(self, known: Container[str] = ()) -> frozenset[str]:
        """All modules that the module imports anywhere, functions and TYPE_CHECKING blocks too.

        Of `from optlint.x import y`, `optlint.x.y` counts if it is `known` to be a module, else `optlint.x`.
        """
        return frozenset(name for node in ast.walk(self.tree) for name in self._imported_by(node, known))

    def _imported_by(self, node: ast.AST, known: Container[str]) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = self._absolute(node)
            names = [f"{base}.{alias.name}" for alias in node.names]
            is_ours = base.split(".")[0] == self.name.split(".")[0]
            yield from (name if name in known or not is_ours else base for name in names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")[: None if self.is_package and node.level == 1 else -(node.level - self.is_package)]
        return ".".join([*parts, *([node.module] if node.module else [])])


def read_modules(package: Path) -> list[Module]:
    """All modules of the package in this folder."""
    return [_read(path, package.parent) for path in sorted(package.rglob("*.py"))]


def _read(path: Path, root: Path) -> Module:
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    text = path.read_text(encoding="utf-8")
    return Module(".".join(parts[:-1] if is_package else parts), is_package, ast.parse(text), text.count("\n"))


def within(name: str, prefixes: Iterable[str]) -> bool:
    """Whether a dotted name is one of `prefixes` or lies in one of them."""
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def reach(modules: list[Module], start: str) -> frozenset[str]:
    """All modules that `start` imports, at any remove."""
    names = {module.name for module in modules}
    graph = {module.name: module.imports(names) for module in modules}
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in graph and name not in seen:
            seen.add(name)
            todo += graph[name]
    return frozenset(seen)


def circle(modules: list[Module]) -> list[str]:
    """The names of modules that import each other, in a circle; nothing if there is no such circle."""
    names = {module.name for module in modules}
    graph = {module.name: module.imports(names) & names - {module.name} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def long_functions(module: Module, limit: int) -> Iterator[str]:
    """Functions of more than `limit` lines, decorators and docstring included."""
    for node in ast.walk(module.tree):
        if isinstance(node, FUNCTIONS):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or first) - first + 1
            if length > limit:
                yield f"{module.name}.{node.name}: {length} lines"


def mutable_state(module: Module) -> Iterator[str]:
    """Module-level lists, dicts and sets that are not constants by name, or are changed; and `global`."""
    names = dict(_module_level_mutables(module.tree))
    for name, row in names.items():
        if not name.strip("_").isupper() and name != "__all__":
            yield f"{module.name}:{row}: `{name}` is mutable, and not named as a constant"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield f"{module.name}:{node.lineno}: global {', '.join(node.names)}"
        for name in _changed_by(node):
            if name in names:
                yield f"{module.name}:{node.lineno}: `{name}` of the module is changed"


def _module_level_mutables(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if targets and isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_mutable(node.value):
            yield from ((target.id, node.lineno) for target in targets if isinstance(target, ast.Name))


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return called in MUTABLE_TYPES
    return isinstance(value, MUTABLE_DISPLAYS)


def _changed_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        yield from _name(node.func.value)
    elif isinstance(node, (ast.Assign, ast.Delete)):
        yield from (
            name for target in node.targets if isinstance(target, ast.Subscript) for name in _name(target.value)
        )
    elif isinstance(node, ast.AugAssign):
        yield from _name(node.target.value if isinstance(node.target, ast.Subscript) else node.target)


def _name(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
