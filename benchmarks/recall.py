"""How many bugs the linter finds that a program puts, one at a time, into code that is right.

    python benchmarks/recall.py FOLDER [FOLDER ...] [--most N] [--misses]

Files in which the linter finds nothing are broken in one place at a time, in each of the ways below, and linted again
where they stand, so that the rest of their project is seen. A mutant counts as found if there is a diagnostic of the
rule that it was made for. Some mutants are no bugs: who calls the code may clear or step instead. So the shares are
lower bounds; `--misses` lists what to read.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from optlint.api import lint

LARGEST = 60_000  # characters of a file
OPTIMIZER = ("optim", "opt", "scaler")
Place = tuple[ast.stmt, list[ast.stmt], int]


class Mutant(NamedTuple):
    """A program with one bug: which rule should find it, how it was made, on which row of the right program."""

    code: str
    how: str
    row: int
    text: str


class Edit(NamedTuple):
    """Rows of a file, counted from 1, and the lines that come in their place."""

    first: int
    last: int
    lines: tuple[str, ...]


def mutants(text: str) -> Iterator[Mutant]:
    """All that can be broken in a program."""
    lines = text.split("\n")
    for statement, block, place in _places(ast.parse(text).body):
        for (code, how), breaks in WAYS.items():
            edits = breaks(lines, (statement, block, place))
            if edits:
                yield Mutant(code, how, statement.lineno, "\n".join(_edited(lines, edits)))


def _places(block: list[ast.stmt]) -> Iterator[Place]:
    """Every statement, with the block that it is in."""
    for place, statement in enumerate(block):
        yield statement, block, place
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(statement, name, None)
            yield from _places(inner) if isinstance(inner, list) else ()


def _edited(lines: list[str], edits: tuple[Edit, ...]) -> list[str]:
    result = list(lines)
    for edit in sorted(edits, reverse=True):
        result[edit.first - 1 : edit.last] = edit.lines
    return result


def _indent(lines: list[str], statement: ast.stmt) -> str:
    return lines[statement.lineno - 1][: statement.col_offset]


def _alone(lines: list[str], statement: ast.stmt) -> bool:
    """Whether nothing else stands on the rows of a statement."""
    before = lines[statement.lineno - 1][: statement.col_offset]
    after = lines[(statement.end_lineno or 0) - 1].encode()[statement.end_col_offset :].decode().strip()
    return not before.strip() and (not after or after.startswith("#"))


def _called(statement: ast.stmt) -> str:
    """The name of the method that a statement calls on something: `step` of `optimizer.step()`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""


def _owner(statement: ast.stmt) -> str:
    call = statement.value if isinstance(statement, ast.Expr) else None
    is_method = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value) if is_method else ""  # type: ignore[union-attr]


def _is_step(statement: ast.stmt) -> bool:
    return _called(statement) == "step" and any(word in _owner(statement).lower() for word in OPTIMIZER)


def _is_clip(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).endswith(("clip_grad_norm_", "clip_grad_value_"))


def _drops(wanted: Callable[[ast.stmt], bool]) -> Callable[[list[str], Place], tuple[Edit, ...]]:
    """Leave a statement out."""

    def edits(lines: list[str], place: Place) -> tuple[Edit, ...]:
        statement = place[0]
        if not wanted(statement) or not _alone(lines, statement):
            return ()
        left = (f"{_indent(lines, statement)}pass",)
        return (Edit(statement.lineno, statement.end_lineno or 0, left),)

    return edits


def _moves(
    wanted: Callable[[ast.stmt], bool], where: Callable[[ast.stmt], bool], *, behind: bool
) -> Callable[[list[str], Place], tuple[Edit, ...]]:
    """Move a statement behind the next one of some kind in its block; or before it, past a `backward`."""

    def edits(lines: list[str], place: Place) -> tuple[Edit, ...]:
        statement, block, index = place
        target = next((other for other in block[index + 1 :] if where(other)), None)
        if not wanted(statement) or target is None or not _alone(lines, statement) or not _alone(lines, target):
            return ()
        if not behind and not any("backward" in ast.unparse(one) for one in block[index : block.index(target)]):
            return ()
        moved = tuple(lines[statement.lineno - 1 : statement.end_lineno])
        row = (target.end_lineno or 0) + 1 if behind else target.lineno
        return Edit(statement.lineno, statement.end_lineno or 0, ()), Edit(row, row - 1, moved)

    return edits


def _rewrites(change: Callable[[ast.stmt], str | None]) -> Callable[[list[str], Place], tuple[Edit, ...]]:
    """Write a statement in another way."""

    def edits(lines: list[str], place: Place) -> tuple[Edit, ...]:
        statement = place[0]
        new = change(statement) if _alone(lines, statement) else None
        if new is None:
            return ()
        indent = _indent(lines, statement)
        return (Edit(statement.lineno, statement.end_lineno or 0, tuple(indent + line for line in new.split("\n"))),)

    return edits


def _uncalled(*names: str) -> Callable[[ast.stmt], str | None]:
    def change(statement: ast.stmt) -> str | None:
        fits = _called(statement) in names and (_called(statement) != "step" or _is_step(statement))
        fits = fits and (_called(statement) not in ("eval", "backward") or ast.unparse(statement).endswith("()"))
        return f"{_owner(statement)}.{_called(statement)}" if fits else None

    return change


def _plain_list(statement: ast.stmt) -> str | None:
    """`self.layers = [...]` for `self.layers = nn.ModuleList([...])`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).endswith("ModuleList") or len(value.args) != 1:
        return None
    given = value.args[0]
    whole = ast.unparse(given) if isinstance(given, ast.List | ast.ListComp) else f"list({ast.unparse(given)})"
    return f"{ast.unparse(statement.targets[0])} = {whole}"  # type: ignore[attr-defined]


def _plain_tensor(statement: ast.stmt) -> str | None:
    """`self.w = torch.zeros(3).requires_grad_()` for `self.w = nn.Parameter(torch.zeros(3))`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    made = isinstance(value, ast.Call) and ast.unparse(value.func) in (
        "nn.Parameter",
        "torch.nn.Parameter",
        "Parameter",
    )
    if not made or len(value.args) != 1 or value.keywords or not isinstance(value.args[0], ast.Call):  # type: ignore[union-attr]
        return None
    target = ast.unparse(statement.targets[0])  # type: ignore[attr-defined]
    return f"{target} = {ast.unparse(value.args[0])}.requires_grad_()" if target.startswith("self.") else None  # type: ignore[union-attr]


def _spelt(old: str, new: str) -> Callable[[ast.stmt], str | None]:
    def change(statement: ast.stmt) -> str | None:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        fits = isinstance(target, ast.Attribute) and target.attr == old and isinstance(statement.value, ast.Constant)  # type: ignore[attr-defined]
        return ast.unparse(statement).replace(f".{old}", f".{new}") if fits else None

    return change


def _whole_module(statement: ast.stmt) -> str | None:
    """`model.requires_grad = False` for a loop over `model.parameters()`."""
    if not isinstance(statement, ast.For) or len(statement.body) != 1 or statement.orelse:
        return None
    walked, inner = ast.unparse(statement.iter), ast.unparse(statement.body[0])
    simple = walked.endswith(".parameters()") and isinstance(statement.target, ast.Name)
    if not simple or inner != f"{ast.unparse(statement.target)}.requires_grad = False":
        return None
    return f"{walked.removesuffix('.parameters()')}.requires_grad = False"


def _cut_loss(form: str) -> Callable[[ast.stmt], str | None]:
    def change(statement: ast.stmt) -> str | None:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if _called(statement) != "backward" or not isinstance(call, ast.Call) or call.args or call.keywords:
            return None
        name = _owner(statement)
        return f"{form.format(name)}.backward()" if name.isidentifier() else None

    return change


WAYS: dict[tuple[str, str], Callable[[list[str], Place], tuple[Edit, ...]]] = {
    ("OPT501", "zero_grad dropped"): _drops(lambda one: _called(one) == "zero_grad"),
    ("OPT502", "zero_grad moved before step"): _moves(lambda one: _called(one) == "zero_grad", _is_step, behind=False),
    ("OPT503", "clip moved behind step"): _moves(_is_clip, _is_step, behind=True),
    ("OPT504", "unscale_ dropped"): _drops(lambda one: _called(one) == "unscale_"),
    ("OPT506", "step not called"): _rewrites(_uncalled("step")),
    ("OPT506", "zero_grad not called"): _rewrites(_uncalled("zero_grad")),
    ("OPT506", "backward not called"): _rewrites(_uncalled("backward")),
    ("OPT506", "eval not called"): _rewrites(_uncalled("eval")),
    ("OPT507", "step dropped"): _drops(lambda one: _is_step(one) and "scaler" not in _owner(one)),
    ("OPT507", "scaler.update dropped"): _drops(lambda one: _called(one) == "update" and "scaler" in _owner(one)),
    ("OPT508", "loss made of its number"): _rewrites(_cut_loss("torch.tensor({}.item(), requires_grad=True)")),
    ("OPT508", "loss detached"): _rewrites(_cut_loss("{}.detach().requires_grad_()")),
    ("OPT401", "list for ModuleList"): _rewrites(_plain_list),
    ("OPT402", "tensor for Parameter"): _rewrites(_plain_tensor),
    ("OPT403", "requires_grad misspelt"): _rewrites(_spelt("requires_grad", "require_grad")),
    ("OPT404", "requires_grad of the module"): _rewrites(_whole_module),
}


def _clean_files(folders: list[str]) -> Iterator[tuple[Path, str]]:
    """The files that may be broken, in an order of no meaning."""
    paths = [path for folder in folders for path in (sorted(Path(folder).rglob("*.py")) or [Path(folder)])]
    random.Random(0).shuffle(paths)
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        if "import torch\n" in text and len(text) <= LARGEST and "\r" not in text and "\t" not in text:
            yield path, text


def judged(folders: list[str], most: int) -> Iterator[tuple[Path, Mutant, bool]]:
    """Mutants, at most so many of each kind, and whether they are found."""
    planted: dict[tuple[str, str], int] = defaultdict(int)
    for path, text in _clean_files(folders):
        try:
            wanted = [one for one in mutants(text) if planted[one.code, one.how] < most]
            known = {code for code, _ in WAYS} & {one.code for one in lint(path)} if wanted else set()
        except (SyntaxError, ValueError, RecursionError):
            continue
        for mutant in wanted:
            if mutant.code not in known and planted[mutant.code, mutant.how] < most:
                planted[mutant.code, mutant.how] += 1
                yield path, mutant, any(one.code == mutant.code for one in lint(mutant.text, filename=str(path)))


def main(arguments: list[str]) -> int:
    """Print a table by rule and kind of mutant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--most", type=int, default=60, help="mutants of each kind")
    parser.add_argument("--misses", action="store_true", help="list the mutants that are not found")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    counts: dict[tuple[str, str], list[bool]] = {way: [] for way in WAYS}
    for path, mutant, found in judged(chosen.folders, chosen.most):
        counts[mutant.code, mutant.how].append(found)
        if chosen.misses and not found:
            print(f"{path}:{mutant.row}: {mutant.code} {mutant.how}", flush=True)
    for (code, how), verdicts in sorted(counts.items()):
        share = f"{100 * sum(verdicts) / len(verdicts):3.0f} %" if verdicts else "    -"
        print(f"{code}  {how:28}  {sum(verdicts):4} of {len(verdicts):4}  {share}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
