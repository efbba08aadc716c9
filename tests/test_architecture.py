"""Who may import whom, what is loaded when, and how long things may get; each test shows that it can fail.

The plan is: `cli, lsp, pytest_plugin → linter | auditing | output → checks → flow.events | model → diagnostic`.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.modules import Module, circle, long_functions, mutable_state, reach, read_modules, within

ROOT = Path(__file__).parents[1]

SPOKEN = ("diagnostic", "observations")  # what all of the audit speaks in
# For each part of optlint: the only parts of optlint that it may import, itself excepted.
MAY_IMPORT = {
    "named_tuple": (),
    "diagnostic": ("named_tuple",),
    "model": ("diagnostic",),
    "words": (),
    "rule": ("diagnostic", "named_tuple"),
    "observations": ("diagnostic",),
    "sources": ("diagnostic", "named_tuple"),
    "fixes.remedies": ("diagnostic", "named_tuple"),
    "flow": ("diagnostic", "fixes.remedies", "named_tuple", "model", "sources"),
    "flow.core": ("flow.events", "flow.frozen", "flow.reading", "flow.settings"),
    "checks": ("diagnostic", "fixes.remedies", "model", "rule", "words", "flow.events", "observations"),
    "auditing.memory": SPOKEN,
    "auditing.instruments": (*SPOKEN, "auditing.memory"),
    "auditing.judges": (*SPOKEN, "auditing.memory", "auditing.instruments"),
    "own_rules": ("diagnostic", "rule"),
    "settings": ("diagnostic", "named_tuple", "rule", "own_rules", "words", "flow.settings"),
    "discovery": ("named_tuple", "settings"),
    "output": ("diagnostic", "rule", "sources"),
}
ON_TOP = ("cli", "commands", "__main__", "lsp", "pytest_plugin", "integrations")  # imported by each other only
MAY_IMPORT_LIBCST = ("flow.reading", "sources.source", "sources.spans")
MAY_IMPORT_TORCH = ("auditing", "integrations")
NEVER = ("libcst.matchers", "libcst.codemod", "libcst.metadata")
MAX_FILE = 400
MAX_FUNCTION = 40


@pytest.fixture(scope="session")
def modules():
    return read_modules(ROOT / "optlint")


def part(module: Module) -> str:
    """The module's name without the package."""
    return module.name.partition(".")[2]


def wrong_imports(modules: list[Module]) -> list[str]:
    wrong = []
    names = {module.name for module in modules}
    for module in modules:
        for imported in sorted(module.imports(names)):
            inner = imported.removeprefix("optlint.") if imported.startswith("optlint.") else None
            if inner and not _may_import(part(module), inner):
                wrong.append(f"{module.name} imports {imported}")
    return wrong


def _may_import(importer: str, imported: str) -> bool:
    if within(imported, ON_TOP):
        return within(importer, ON_TOP)
    return all(
        within(imported, (limited, *allowed)) or not within(importer, [limited])
        for limited, allowed in MAY_IMPORT.items()
    )


def foreign_imports(modules: list[Module], foreign: str, allowed: tuple[str, ...]) -> list[str]:
    return [
        f"{module.name} imports {imported}"
        for module in modules
        for imported in sorted(module.imports())
        if within(imported, [foreign]) and not within(part(module), allowed)
    ]


@pytest.fixture
def package(tmp_path):
    """A function that writes a package `optlint` of these modules and reads it."""

    def write(**sources):
        for name, source in sources.items():
            path = tmp_path.joinpath("optlint", *name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(source), encoding="utf-8")
        return read_modules(tmp_path / "optlint")

    return write


def test_modules_import_downwards_only(modules):
    assert wrong_imports(modules) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("diagnostic", "from optlint.model import Tensor"),
        ("checks__opt101", "from optlint.flow.core.machine import Machine"),
        ("checks__opt101", "def check():\n    import optlint.linting.linter"),
        ("checks__opt101", "if TYPE_CHECKING:\n    from optlint.auditing import hooks"),
        ("checks__opt101", "from ..flow import machine"),
        ("flow__core__machine", "from optlint.rule import Rule"),
        ("output__text", "from optlint.linting import linter"),
        ("linting__linter", "from optlint.cli import main"),
        ("flow__life", "from optlint import model, rule"),
        ("flow__core__machine", "from optlint.flow.order import trace"),
    ],
)
def test_a_wrong_import_is_seen(package, name, source):
    right = {"model": "from optlint.diagnostic import Span", "rule": "import os", "linting__linter": ""}
    assert [found.split()[0] for found in wrong_imports(package(**{**right, name: source}))] == [
        f"optlint.{name.replace('__', '.')}"
    ]


def test_right_imports_are_let_through(package):
    right = {
        "checks__opt101": "from optlint.flow.events import Consumed\nfrom optlint.rule import Rule",
        "checks__opt102": "from optlint.flow import events",
        "flow__events": "from optlint import diagnostic",
        "linting__linter": "",
        "lsp": "from .linter import x",
        "cli": "from optlint import lsp, linter",
        "flow__core__machine": "from . import values",
    }
    assert wrong_imports(package(**right)) == []


def test_no_modules_import_each_other(modules):
    assert circle(modules) == []


def test_a_circle_is_seen(package):
    modules = package(one="from optlint import two", two="if TYPE_CHECKING:\n    from optlint.three import x", three="")
    assert circle(modules) == []
    modules = package(three="def later():\n    from optlint.one import y")
    assert set(circle(modules)) == {"optlint.one", "optlint.two", "optlint.three"}


def test_linter_and_audit_do_not_know_each_other(modules):
    assert not [name for name in reach(modules, "optlint.linting.linter") if within(name, ["optlint.auditing"])]
    for module in modules:
        if within(module.name, ["optlint.auditing"]):
            assert not reach(modules, module.name) & {"optlint.linting.linter", "optlint.flow.core.machine"}


def test_an_acquaintance_at_one_remove_is_seen(package):
    modules = package(
        linting__linter="from optlint import files", files="from optlint.auditing import hooks", auditing__hooks=""
    )
    assert "optlint.auditing.hooks" in reach(modules, "optlint.linting.linter")


def test_only_the_engine_imports_libcst(modules):
    assert foreign_imports(modules, "libcst", MAY_IMPORT_LIBCST) == []
    light = [module for module in modules if module.name in ("optlint.flow", "optlint.flow.events")]
    assert len(light) == 2
    assert foreign_imports(light, "libcst", ()) == []


def unmapped(package: Path) -> list[str]:
    """The modules that the docstring of their package does not name."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    inside = {path.stem for path in package.glob("*.py")} - {"__init__"}
    inside |= {path.parent.name for path in package.glob("*/__init__.py")}
    return sorted(name for name in inside if f"`{name}`" not in text and f"`{name}.py`" not in text)


MAPPED = ("flow", "auditing", "lsp", "sources", "fixes", "settings", "discovery", "batch", "linting")
SPEAK_FOR_THEMSELVES = ("events",)


@pytest.mark.parametrize(
    "package",
    [path.parent for part in MAPPED for path in sorted((ROOT / "optlint" / part).rglob("__init__.py"))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_each_package_has_a_map_of_its_modules(package):
    assert package.name in SPEAK_FOR_THEMSELVES or unmapped(package) == []


def test_a_module_that_no_map_has_is_seen(tmp_path):
    (tmp_path / "__init__.py").write_text('"""`known` does this."""\n', encoding="utf-8")
    for name in ("known", "unknown"):
        (tmp_path / f"{name}.py").write_text("", encoding="utf-8")
    assert unmapped(tmp_path) == ["unknown"]


def test_only_the_audit_imports_torch(modules):
    assert foreign_imports(modules, "torch", MAY_IMPORT_TORCH) == []


@pytest.mark.parametrize("source", ["import libcst as cst", "def f():\n    from libcst import Module"])
def test_a_foreign_import_is_seen(package, source):
    found = foreign_imports(package(checks__opt101=source, flow__reading__lower=source), "libcst", MAY_IMPORT_LIBCST)
    assert [line.split()[0] for line in found] == ["optlint.checks.opt101"]


def test_slow_parts_of_libcst_are_never_imported(modules):
    assert [found for slow in NEVER for found in foreign_imports(modules, slow, ())] == []


def test_a_slow_part_is_seen(package):
    assert foreign_imports(package(sources__spans="from libcst import metadata"), "libcst.metadata", ())


def test_no_module_bears_the_name_of_a_public_function(modules):
    import optlint

    names = {module.name for module in modules}
    assert "optlint.rule" in names
    assert [name for name in optlint.__all__ if f"optlint.{name}" in names] == []


def test_files_and_functions_are_short(modules):
    modules = [*modules, *read_modules(ROOT / "scripts"), *read_modules(ROOT / "tests")]
    assert [f"{module.name}: {module.line_count} lines" for module in modules if module.line_count > MAX_FILE] == []
    assert [found for module in modules for found in long_functions(module, MAX_FUNCTION)] == []


def test_a_long_function_is_seen(package):
    body = "    pass\n" * MAX_FUNCTION
    modules = package(linter=f"class A:\n  def f(self):\n{body}\ndef g():\n    pass\n")
    assert [*long_functions(modules[0], MAX_FUNCTION)] == ["optlint.linter.f: 41 lines"]
    assert modules[0].line_count == MAX_FUNCTION + 5


def test_no_module_keeps_mutable_state(modules):
    assert [found for module in modules for found in mutable_state(module)] == []


@pytest.mark.parametrize(
    "source",
    [
        "seen = []",
        "seen: dict[str, int] = {}",
        "seen = set()",
        "CACHE = {}\ndef f(x):\n    CACHE[x] = 1",
        "CACHE = {}\ndef f(x):\n    CACHE.setdefault(x, 1)",
        "NAMES = []\ndef f(x):\n    NAMES.append(x)",
        "count = 0\ndef f():\n    global count",
    ],
)
def test_mutable_state_is_seen(package, source):
    assert [*mutable_state(package(linter=source)[0])]


@pytest.mark.parametrize("source", ["KEYS = {'lr': 1}\ndef f(x):\n    return KEYS[x]", "__all__ = ['f']", "x = ()"])
def test_constants_are_let_through(package, source):
    assert [*mutable_state(package(linter=source)[0])] == []


def loaded(program: str, blocked: tuple[str, ...] = ()) -> set[str]:
    """The names of all modules that are loaded when this program has run in a fresh interpreter."""
    preamble = f"import sys\nsys.modules.update(dict.fromkeys({blocked!r}))\n"
    ending = "import json\nprint(json.dumps([name for name, module in sys.modules.items() if module]))\n"
    done = subprocess.run(
        [sys.executable, "-c", preamble + dedent(program) + ending],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = ("libcst", "torch", "argparse", "dataclasses", "importlib.metadata", "inspect", "json", "tomllib", "pathlib")


def test_importing_optlint_loads_nothing_heavy():
    assert not {name for name in loaded("import optlint\n") - loaded("") if within(name, HEAVY)}


def test_a_heavy_import_is_seen():
    before = loaded("")
    assert {name for name in loaded("import dataclasses\n") - before if within(name, HEAVY)} >= {
        "dataclasses",
        "inspect",
    }


BROKEN = ROOT / "examples" / "broken_training.py"
CHECK = "from optlint.cli import main\nassert main(['check', '--isolated', '--no-cache', {path!r}]) == {code}\n"


def test_the_linter_needs_no_torch():
    names = loaded(CHECK.format(path=str(BROKEN), code=1), blocked=("torch",))
    assert "libcst" in names
    assert not {name for name in names if within(name, ["torch"])}


def test_a_blocked_module_is_missed():
    with pytest.raises(AssertionError, match="libcst"):
        loaded(CHECK.format(path=str(BROKEN), code=1), blocked=("libcst",))


def test_the_linter_never_loads_the_slow_parts_of_libcst():
    itself = loaded("import libcst\n")  # it imports some of its metadata providers
    assert not {name for name in loaded(CHECK.format(path=str(BROKEN), code=1)) - itself if within(name, NEVER)}
    assert {name for name in loaded("import libcst.matchers\n") - itself if within(name, NEVER)}


def test_libcst_is_loaded_only_for_files_that_may_be_wrong(tmp_path):
    (tmp_path / "plain.py").write_text("import os\nprint(os.getcwd())\n", encoding="utf-8")
    names = loaded(CHECK.format(path=str(tmp_path), code=0))
    assert "optlint.batch.checking" in names
    assert not {name for name in names if within(name, ["libcst", "dataclasses"])}


def test_public_functions_can_be_called_twice():
    program = f"""\
    import optlint
    first = optlint.lint({str(BROKEN)!r})
    assert first and optlint.lint({str(BROKEN)!r}) == first
    for _ in range(2):
        with optlint.audit() as report:
            pass
        assert report.ok
    import optlint.linting.linter, optlint.auditing.api
    assert optlint.lint({str(BROKEN)!r}) == first
    """
    assert "optlint.linting.linter" in loaded(program)


def test_the_audit_needs_no_libcst():
    program = """\
    import optlint, torch
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with optlint.audit() as report:
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    assert report.ok
    assert "weight" in str(optlint.explain(optimizer, model))
    """
    assert "torch" in loaded(program, blocked=("libcst",))
