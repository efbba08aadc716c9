"""Other ways to write the same program, for `guises.py`: what it does, and what is wrong with it, stays.

A guise is a function of the parts of a program; `None` where it does not fit. Comments are lost, since the tree of
`ast` has none.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterable
from typing import NamedTuple

Files = dict[str, str]
MODULES = {"nn": "torch.nn", "torch.nn": "torch.nn", "torch.optim": "torch.optim", "optim": "torch.optim"}
LOOPS = (ast.For, ast.While, ast.With)
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)


class Parts(NamedTuple):
    """A program: what it imports, what it defines, what it does until its last block, and that block with the rest."""

    imports: list[ast.stmt]
    definitions: list[ast.stmt]
    setup: list[ast.stmt]
    loop: list[ast.stmt]

    @property
    def body(self) -> list[ast.stmt]:
        """All that is done at the top level."""
        return self.setup + self.loop

    @property
    def shared(self) -> list[str]:
        """The names that the setup gives to the loop."""
        asked = _names(self.loop, ast.Load)
        return sorted(name for name in _assigned(self.setup) if name in asked)


def dressed(text: str, guise: str) -> Files | None:
    """The program in a guise, as the files it is made of; `None` where the guise does not fit."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    parts = _parts(tree)
    files = GUISES[guise](parts) if parts.body and not _reads_globals(parts) else None
    if files is None:
        return None
    return {name: _written(code) if isinstance(code, list) else code for name, code in files.items()}


def _written(code: list[ast.stmt]) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Module(code, []))) + "\n"


def _parts(tree: ast.Module) -> Parts:
    imports = [one for one in tree.body if isinstance(one, (ast.Import, ast.ImportFrom))]
    definitions = [one for one in tree.body if isinstance(one, DEFINITIONS)]
    body = [one for one in tree.body if one not in imports and one not in definitions]
    blocks = [place for place, one in enumerate(body) if isinstance(one, LOOPS)]
    cut = blocks[0] if blocks else len(body)
    return Parts(imports, definitions, body[:cut], body[cut:])


def _names(code: Iterable[ast.AST], context: type[ast.expr_context]) -> set[str]:
    found = (node for one in code for node in ast.walk(one) if isinstance(node, ast.Name))
    return {node.id for node in found if isinstance(node.ctx, context)}


def _assigned(code: Iterable[ast.stmt]) -> set[str]:
    inner = {node for one in code for node in ast.walk(one) if isinstance(node, ast.comprehension)}
    within = _names((node.target for node in inner), ast.Store)
    return _names(code, ast.Store) - within


def _reads_globals(parts: Parts) -> bool:
    """Whether what it defines needs names that are assigned at the top level."""
    return bool(_assigned(parts.body) & (_names(parts.definitions, ast.Load) | _names(parts.definitions, ast.Store)))


def _code(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _function(name: str, arguments: Iterable[str], body: list[ast.stmt]) -> ast.FunctionDef:
    made = _code(f"def {name}({', '.join(arguments)}): pass")[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = body or [ast.Pass()]
    return made


def _head(parts: Parts) -> list[ast.stmt]:
    return parts.imports + parts.definitions


def guarded(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """The script under `if __name__ == "__main__"`."""
    test = _code("if __name__ == '__main__': pass")[0]
    assert isinstance(test, ast.If)
    test.body = parts.body
    return {"main.py": [*_head(parts), test]}


def in_main(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """The script in a function."""
    return {"main.py": [*_head(parts), _function("main", (), parts.body), *_code("main()")]}


def functions(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """One function that makes things, one that trains with them."""
    names = ", ".join(parts.shared)
    if not parts.loop or not names:
        return None
    build = _function("build", (), [*parts.setup, ast.Return(_tuple(parts.shared))])
    train = _function("train", parts.shared, parts.loop)
    call = _code(f"{names}{',' if len(parts.shared) == 1 else ''} = build()\ntrain({names})")
    return {"main.py": [*_head(parts), build, train, *call]}


def _tuple(names: list[str]) -> ast.expr:
    return ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())


def bundle(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """One function that gives things in a dict, one that takes them out of it."""
    if not parts.loop or not parts.shared:
        return None
    given = ", ".join(f"{name!r}: {name}" for name in parts.shared)
    gives = ast.Return(ast.parse(f"{{{given}}}", mode="eval").body)
    takes = _code("\n".join(f"{name} = state[{name!r}]" for name in parts.shared))
    build, train = _function("build", (), [*parts.setup, gives]), _function("train", ["state"], takes + parts.loop)
    return {"main.py": [*_head(parts), build, train, *_code("state = build()\ntrain(state)")]}


class _OnSelf(ast.NodeTransformer):
    """Names become attributes of `self`."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self.names:
            return node
        return ast.Attribute(ast.Name("self", ast.Load()), node.id, node.ctx)


def _on_self(code: list[ast.stmt], names: set[str]) -> list[ast.stmt]:
    return [_OnSelf(names).visit(copy.deepcopy(one)) for one in code]


def _methods(parts: Parts) -> tuple[ast.FunctionDef, ast.FunctionDef] | None:
    names = set(parts.shared)
    nodes = [node for one in parts.body for node in ast.walk(one)]
    inner = _names((node.target for node in nodes if isinstance(node, ast.comprehension)), ast.Store)
    bound = {argument.arg for node in nodes if isinstance(node, ast.Lambda) for argument in node.args.args}
    if not parts.loop or not names or names & (inner | bound) or any(isinstance(node, DEFINITIONS) for node in nodes):
        return None
    start = _function("__init__", ["self"], _on_self(parts.setup, names))
    return start, _function("fit", ["self"], _on_self(parts.loop, names))


def _class(header: str, body: list[ast.FunctionDef]) -> ast.ClassDef:
    made = _code(f"{header}: pass")[0]
    assert isinstance(made, ast.ClassDef)
    made.body = list(body)
    return made


def in_class(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """A class that makes things in `__init__` and trains in a method."""
    methods = _methods(parts)
    if methods is None:
        return None
    return {"main.py": [*_head(parts), _class("class Trainer", [*methods]), *_code("Trainer().fit()")]}


def unused_class(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """The same class, of which another file makes objects."""
    methods = _methods(parts)
    return methods and {"main.py": [*_head(parts), _class("class Trainer", [*methods])]}


def inherited(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """A base class that trains with what a subclass makes."""
    methods = _methods(parts)
    if methods is None:
        return None
    classes = [_class("class Loop", [methods[1]]), _class("class Trainer(Loop)", [methods[0]])]
    return {"main.py": [*_head(parts), *classes, *_code("Trainer().fit()")]}


def two_files(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """What is defined in one file, what is done in another."""
    names = [one.name for one in parts.definitions if isinstance(one, DEFINITIONS)]
    if not names:
        return None
    brought = _code(f"from parts import {', '.join(names)}")
    return {"parts.py": _head(parts), "main.py": [*parts.imports, *brought, *parts.body]}


def loop_elsewhere(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """The function that trains in one file, what it trains in another."""
    names = [one.name for one in parts.definitions if isinstance(one, DEFINITIONS)]
    if not parts.loop or not parts.shared or _names(parts.loop, ast.Load) & set(names):
        return None
    engine = [*parts.imports, _function("train", parts.shared, parts.loop)]
    call = _code(f"from engine import train\ntrain({', '.join(parts.shared)})")
    return {"engine.py": engine, "main.py": [*_head(parts), *parts.setup, *call]}


def three_files(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """A file that makes things, one that trains with them, and the script that calls both."""
    names = {one.name for one in parts.definitions if isinstance(one, DEFINITIONS)}
    if not parts.loop or not parts.shared or _names(parts.loop, ast.Load) & names:
        return None
    given = ", ".join(parts.shared)
    build = _function("build", (), [*parts.setup, ast.Return(_tuple(parts.shared))])
    engine = [*parts.imports, _function("train", parts.shared, parts.loop)]
    calls = f"{given}{',' if len(parts.shared) == 1 else ''} = build()\ntrain({given})"
    script = _code(f"from build import build\nfrom engine import train\n{calls}")
    return {"build.py": [*_head(parts), build], "engine.py": engine, "main.py": script}


def trainer_elsewhere(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """A class that makes things and trains, of which another file makes an object."""
    made = unused_class(parts)
    return made and {"trainer.py": made["main.py"], "main.py": _code("from trainer import Trainer\nTrainer().fit()")}


def notebook(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """Each statement in a cell of its own."""
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"c{place}", "metadata": {}, "outputs": [], "source": text}
        for place, text in enumerate(ast.unparse(one).splitlines(keepends=True) for one in _head(parts) + parts.body)
    ]
    book = {"cells": cells, "metadata": {"kernelspec": {"language": "python", "name": "python3"}}}
    return {"main.ipynb": json.dumps({**book, "nbformat": 4, "nbformat_minor": 5})}


def interrupted(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """The training in a `try`, for those who stop it by hand."""
    attempt = _code("try: pass\nexcept KeyboardInterrupt:\n    print('stopped')")[0]
    assert isinstance(attempt, ast.Try)
    attempt.body = parts.loop
    return {"main.py": [*_head(parts), *parts.setup, attempt]} if parts.loop else None


class _Renamed(ast.NodeTransformer):
    """Other names for what the program assigns."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = {name: f"v{place}" for place, name in enumerate(sorted(names))}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def renamed(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """Names that say nothing."""
    new = _Renamed(_assigned(parts.body))
    return {"main.py": [*_head(parts), *(new.visit(copy.deepcopy(one)) for one in parts.body)]}


class _Placed(ast.NodeTransformer):
    """Models are put onto a device where they are made."""

    def __init__(self, classes: set[str]) -> None:
        self.classes, self.places = classes, 0

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        made = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(made, ast.Attribute) and ast.unparse(made) in ("nn.Linear", "nn.Sequential", "torch.nn.Linear"):
            return self._moved(node)
        return self._moved(node) if isinstance(made, ast.Name) and made.id in self.classes else node

    def _moved(self, node: ast.Assign) -> ast.Assign:
        self.places += 1
        call = ast.Call(ast.Attribute(node.value, "to", ast.Load()), [ast.Name("device", ast.Load())], [])
        return ast.Assign(node.targets, call)


def on_device(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """Models on the GPU, if there is one."""
    models = {one.name for one in parts.definitions if isinstance(one, ast.ClassDef) and "Module" in ast.unparse(one)}
    placed = _Placed(models)
    body = [placed.visit(copy.deepcopy(one)) for one in parts.body]
    device = _code("device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')")
    imports = _code("import torch") + parts.imports
    return {"main.py": [*imports, *parts.definitions, *device, *body]} if placed.places else None


class _Direct(ast.NodeTransformer):
    """`nn.Linear` becomes `Linear`, `torch.optim.SGD` becomes `SGD`."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        module = MODULES.get(ast.unparse(node.value))
        if module is None or not node.attr[0].isupper():
            self.generic_visit(node)
            return node
        self.found[node.attr] = module
        return ast.Name(node.attr, node.ctx)


def direct(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """Layers and optimizers imported by name."""
    new = _Direct()
    rest = [new.visit(copy.deepcopy(one)) for one in parts.definitions + parts.body]
    brought = _code("\n".join(f"from {module} import {name}" for name, module in new.found.items()))
    return {"main.py": [*parts.imports, *brought, *rest]} if brought else None


class _Logged(ast.NodeTransformer):
    """Something is said in each round of a loop."""

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.body = [*_code("logger.debug('next')"), *node.body, *_code("monitor.tick()")]
        return node


def logged(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """Loops that also call what nobody knows."""
    if not parts.loop:
        return None
    head = _code("import logging\nimport monitor\nlogger = logging.getLogger(__name__)")
    return {"main.py": [*head, *_head(parts), *(_Logged().visit(copy.deepcopy(one)) for one in parts.body)]}


class _Settled(ast.NodeTransformer):
    """Numbers given by keyword come from the command line."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg in ("lr", "weight_decay", "momentum", "step_size") and isinstance(node.value, ast.Constant):
            self.names.add(node.arg)
            return ast.keyword(node.arg, ast.Attribute(ast.Name("args", ast.Load()), node.arg, ast.Load()))
        return self.generic_visit(node)


def settled(parts: Parts) -> dict[str, list[ast.stmt] | str] | None:
    """Rates that the command line gives."""
    new = _Settled()
    body = [new.visit(copy.deepcopy(one)) for one in parts.body]
    asked = "".join(f"parser.add_argument('--{name}', type=float, default=0.1)\n" for name in sorted(new.names))
    parser = _code(f"import argparse\nparser = argparse.ArgumentParser()\n{asked}args = parser.parse_args()")
    return {"main.py": [*_head(parts), *parser, *body]} if new.names else None


GUISES: dict[str, Callable[[Parts], dict[str, list[ast.stmt] | str] | None]] = {
    one.__name__: one
    for one in (
        guarded,
        in_main,
        functions,
        bundle,
        in_class,
        unused_class,
        inherited,
        two_files,
        loop_elsewhere,
        three_files,
        trainer_elsewhere,
        notebook,
        interrupted,
        renamed,
        on_device,
        direct,
        logged,
        settled,
    )
}
